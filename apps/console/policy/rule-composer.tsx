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

/** What the address of the page says of the rule to be added. */
export interface InitialRule {
  readonly add?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
}

/** What the fields of the rule are told by the form around them. */
export interface ComposerFields {
  /** Wraps what sets a field: a refusal of the text before is taken away. */
  readonly changed: (set: (value: string) => void) => (value: string) => void;
  /** Takes a refusal away, for what is no text. */
  readonly reset: () => void;
  /** What the control plane said of this field; null: nothing. */
  readonly refusalOf: (field: string) => ProblemError | null;
}

interface Props {
  readonly label: string;
  readonly network: string;
  readonly effect: Effect;
  readonly setEffect: (effect: Effect) => void;
  /** The rule, when all its fields are good; null: it cannot be sent yet. */
  readonly rule: { readonly intent: Intent; readonly summary: string; readonly send: Send } | null;
  /** Where what the control plane refuses is told; anything else stands below the form. */
  readonly fields: readonly string[];
  /** The same at a terminal. */
  readonly words: readonly string[];
  readonly close: () => void;
  /** Beside the effect. */
  readonly children: (fields: ComposerFields) => ReactNode;
  /** Below these; left out where there is nothing more. */
  readonly below?: (fields: ComposerFields) => ReactNode;
}

type Send = (headers: WriteHeaders) => Promise<NetworkWrite>;

/** The effect of a rule to be added, as the address of the page has it at first. */
export function useEffectChoice({ add }: InitialRule) {
  return useState<Effect>(add === 'deny' ? 'deny' : 'allow');
}

/** The form that adds a rule: its fields, a preview of what the rule cuts and changes, and the equal command. */
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
      <PreviewPanel network={network} preview={preview} isAsked={rule !== null} fields={fields} />
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
