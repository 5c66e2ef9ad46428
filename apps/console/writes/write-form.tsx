import { useQuery } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import type { ProblemError } from '../api/client.js';
import { networkQuery } from '../api/queries.js';
import type { Intent } from '../api/shapes.js';
import { refusalAt } from './field.js';
import { PreviewPanel } from './preview-panel.js';
import { SendRow } from './send-row.js';
import { usePreview } from './use-preview.js';
import { type NetworkWrite, useWrite, type WriteHeaders } from './use-write.js';
import { WriteTrouble } from './write-trouble.js';

/** What the form provides to its fields. */
export interface FormFields {
  /** Wraps a field's setter: a change removes the refusal of the former text. */
  readonly changed: (set: (value: string) => void) => (value: string) => void;
  /** Removes a refusal, for inputs other than text. */
  readonly reset: () => void;
  /** The control plane's refusal of this field; null: none. */
  readonly refusalOf: (field: string) => ProblemError | null;
}

/** A write whose fields are all valid. */
export interface ReadyWrite {
  /** What is previewed; null: it changes nothing that anybody may reach. */
  readonly intent: Intent | null;
  readonly summary: string;
  readonly send: (headers: WriteHeaders) => Promise<NetworkWrite>;
}

interface Props {
  readonly label: string;
  readonly network: string;
  /** null: some field is not valid yet. */
  readonly write: ReadyWrite | null;
  /** Fields at which refusals are shown; other refusals are shown below the form. */
  readonly fields: readonly string[];
  /** What the button says, given how many connections the preview says will be cut. */
  readonly verb: string | ((cut: number) => string);
  /** Whether the button looks like one that cuts connections. */
  readonly isCut?: boolean;
  /** false: what it writes changes nothing that anybody may reach. */
  readonly hasPreview?: boolean;
  /** The equivalent command. */
  readonly words: readonly string[];
  readonly close: () => void;
  readonly children: (form: FormFields) => ReactNode;
  /** Shown below these; absent: nothing. */
  readonly below?: (form: FormFields) => ReactNode;
}

/** A form that changes a network: its fields, a preview of what the change cuts, and the equivalent command. */
export function WriteForm(props: Props) {
  const { network, write, fields, verb, isCut = false, hasPreview = true, close } = props;
  const intent = write?.intent ?? null;
  const preview = usePreview(network, intent);
  const shownVersion = useQuery(networkQuery(network)).data?.version ?? null;
  const { state, send, reset, changed, refusalOf } = useWrite();

  const sendAgainst = (version: number | null): void => {
    if (write === null) return;
    void send({
      seen: version ?? preview.data?.version ?? shownVersion,
      summary: write.summary,
      send: write.send,
      done: close,
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    sendAgainst(null);
  };
  const form: FormFields = {
    changed,
    reset,
    refusalOf: (field) => refusalOf(field) ?? refusalAt(preview.error, field),
  };
  return (
    <form className="composer" aria-label={props.label} onSubmit={submit}>
      <div className="fields">{props.children(form)}</div>
      {props.below?.(form)}
      {hasPreview && <PreviewPanel network={network} preview={preview} intent={intent} fields={fields} />}
      <WriteTrouble network={network} state={state} again={sendAgainst} discard={close} fields={fields} />
      <SendRow
        verb={typeof verb === 'string' ? verb : verb(preview.data?.cuts.cut ?? 0)}
        isCut={isCut}
        isReady={write !== null && state.kind !== 'sending'}
        close={close}
        words={props.words}
      />
    </form>
  );
}
