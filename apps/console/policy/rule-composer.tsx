import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { ProblemError } from '../api/client.js';
import { networkQuery } from '../api/queries.js';
import type { Intent } from '../api/shapes.js';
import { counted } from '../vocabulary/times.js';
import { refusalAt } from '../writes/field.js';
import { PreviewPanel } from '../writes/preview-panel.js';
import { SendRow } from '../writes/send-row.js';
import { usePreview } from '../writes/use-preview.js';
import { type NetworkWrite, useWrite, type WriteHeaders } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';
import { EffectChoice } from './effect-choice.js';

export type Effect = 'allow' | 'deny';

/** The parts of the new rule in the page's address. */
export interface InitialRule {
  readonly add?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
}

/** What the form provides to the fields of the rule. */
export interface ComposerFields {
  /** Wraps a field's setter: a change removes the refusal of the former text. */
  readonly changed: (set: (value: string) => void) => (value: string) => void;
  /** Removes a refusal, for inputs other than text. */
  readonly reset: () => void;
  /** The control plane's refusal of this field; null: none. */
  readonly refusalOf: (field: string) => ProblemError | null;
}

interface Props {
  readonly label: string;
  readonly network: string;
  readonly effect: Effect;
  readonly setEffect: (effect: Effect) => void;
  /** The rule if all its fields are valid; null: it cannot be sent yet. */
  readonly rule: { readonly intent: Intent; readonly summary: string; readonly send: Send } | null;
  /** Fields at which refusals are shown; other refusals are shown below the form. */
  readonly fields: readonly string[];
  /** The equivalent command. */
  readonly words: readonly string[];
  readonly close: () => void;
  /** Shown beside the effect. */
  readonly children: (fields: ComposerFields) => ReactNode;
  /** Shown below these; absent: nothing. */
  readonly below?: (fields: ComposerFields) => ReactNode;
}

type Send = (headers: WriteHeaders) => Promise<NetworkWrite>;

/** The effect of a new rule, initially from the page's address. */
export function useEffectChoice({ add }: InitialRule) {
  return useState<Effect>(add === 'deny' ? 'deny' : 'allow');
}

/** The form that adds a rule: its fields, a preview of what it cuts and changes, and the equivalent command. */
export function RuleComposer({
  label,
  network,
  effect,
  setEffect,
  rule,
  fields,
  words,
  close,
  children,
  below,
}: Props) {
  const preview = usePreview(network, rule?.intent ?? null);
  const shownVersion = useQuery(networkQuery(network)).data?.version ?? null;
  const { state, send, reset, changed, refusalOf } = useWrite();

  const write = (version: number | null): void => {
    if (rule === null) return;
    const { summary, send: sendRule } = rule;
    void send({ seen: version ?? preview.data?.version ?? shownVersion, summary, send: sendRule, done: close });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  const form: ComposerFields = {
    changed,
    reset,
    refusalOf: (field) => refusalOf(field) ?? refusalAt(preview.error, field),
  };
  const cut = preview.data?.cuts.cut ?? 0;
  const verb = effect === 'deny' ? 'Deny' : 'Allow';
  return (
    <form className="composer" aria-label={label} onSubmit={submit}>
      <div className="fields">
        <EffectChoice
          effect={effect}
          choose={(each) => {
            setEffect(each);
            reset();
          }}
        />
        {children(form)}
      </div>
      {below?.(form)}
      <PreviewPanel network={network} preview={preview} intent={rule?.intent ?? null} fields={fields} />
      <WriteTrouble network={network} state={state} again={write} discard={close} fields={fields} />
      <SendRow
        verb={cut > 0 ? `${verb} and cut ${counted(cut, 'connection')}` : verb}
        isCut={effect === 'deny'}
        isReady={rule !== null && state.kind !== 'sending'}
        close={close}
        words={words}
      />
    </form>
  );
}
