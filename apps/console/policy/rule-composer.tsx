import { type ReactNode, useState } from 'react';
import { counted } from '../vocabulary/times.js';
import { type FormFields, type ReadyWrite, WriteForm } from '../writes/write-form.js';
import { type Effect, EffectChoice } from './effect-choice.js';

/** The parts of the new rule in the page's address. */
export interface InitialRule {
  readonly add?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
}

interface Props {
  readonly label: string;
  readonly network: string;
  readonly effect: Effect;
  readonly setEffect: (effect: Effect) => void;
  /** The rule if all its fields are valid; null: it cannot be sent yet. */
  readonly rule: ReadyWrite | null;
  /** Fields at which refusals are shown; other refusals are shown below the form. */
  readonly fields: readonly string[];
  /** The equivalent command. */
  readonly words: readonly string[];
  readonly close: () => void;
  /** Shown beside the effect. */
  readonly children: (form: FormFields) => ReactNode;
  /** Shown below these; absent: nothing. */
  readonly below?: (form: FormFields) => ReactNode;
}

/** The effect of a new rule, initially from the page's address. */
export function useEffectChoice({ add }: InitialRule) {
  return useState<Effect>(add === 'deny' ? 'deny' : 'allow');
}

/** The form that adds a rule: its effect and fields, a preview of what it cuts, and the equivalent command. */
export function RuleComposer({ effect, setEffect, rule, children, ...form }: Props) {
  const verb = effect === 'deny' ? 'Deny' : 'Allow';
  return (
    <WriteForm
      {...form}
      write={rule}
      verb={(cut) => (cut > 0 ? `${verb} and cut ${counted(cut, 'connection')}` : verb)}
      isCut={effect === 'deny'}
    >
      {(fields) => (
        <>
          <EffectChoice form={fields} effect={effect} set={setEffect} />
          {children(fields)}
        </>
      )}
    </WriteForm>
  );
}
