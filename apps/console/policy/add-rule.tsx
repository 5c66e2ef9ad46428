import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addRule } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { aliasesQuery, attachmentsQuery, networkQuery } from '../api/queries.js';
import type { Intent } from '../api/shapes.js';
import { Glyph } from '../vocabulary/glyph.js';
import { counted } from '../vocabulary/times.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { PreviewPanel } from '../writes/preview-panel.js';
import { SendRow } from '../writes/send-row.js';
import { usePreview } from '../writes/use-preview.js';
import { useWrite } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';

const PARSE = {
  from: (text: string): unknown => parseSelector(text, 'from'),
  to: (text: string): unknown => parseAliasName(text, 'to'),
  port: (text: string): unknown => parsePort(text, 'port'),
};

interface Props {
  readonly network: string;
  readonly initial: { readonly add?: string; readonly from?: string; readonly to?: string; readonly port?: string };
  readonly close: () => void;
}

/** A rule, what it will cut and change, and the same at a terminal. */
export function AddRule({ network, initial, close }: Props) {
  const [effect, setEffect] = useState<'allow' | 'deny'>(initial.add === 'deny' ? 'deny' : 'allow');
  const [from, setFrom] = useState(initial.from ?? '');
  const [to, setTo] = useState(initial.to ?? '');
  const [port, setPort] = useState(initial.port ?? '');
  const names = useNames(network, to);
  const isGood =
    faultOf(PARSE.from, from) === null && faultOf(PARSE.to, to) === null && faultOf(PARSE.port, port) === null;
  const intent: Intent | null = isGood ? { kind: 'add-rule', effect, from, to, port: Number(port) } : null;
  const preview = usePreview(network, intent);
  const shownVersion = useQuery(networkQuery(network)).data?.version ?? null;
  const { state, send, reset, changed, refusalOf } = useWrite();

  const write = (version: number | null): void => {
    if (!isGood) return;
    void send({
      seen: version ?? preview.data?.version ?? shownVersion,
      summary: `${effect} ${from} to ${to}:${port}`,
      send: (headers) => addRule({ path: { network }, headers, body: { effect, from, to, port: Number(port) } }),
      done: close,
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  const cut = preview.data?.cuts.cut ?? 0;
  const verb = effect === 'deny' ? 'Deny' : 'Allow';
  return (
    <form className="composer" aria-label="Add rule" onSubmit={submit}>
      <div className="fields">
        <fieldset className="field as-wide-as-it-is plain">
          <legend>Effect</legend>
          <span className="choice">
            {(['allow', 'deny'] as const).map((each) => (
              <label key={each} className={each}>
                <input
                  type="radio"
                  className="hidden"
                  name="effect"
                  checked={effect === each}
                  onChange={() => {
                    setEffect(each);
                    reset();
                  }}
                />
                <Glyph name={each} tone={each} />
                {each}
              </label>
            ))}
          </span>
        </fieldset>
        <NameField
          label="From"
          value={from}
          change={changed(setFrom)}
          parse={PARSE.from}
          options={names.sources}
          refusal={refusalOf('from')}
        />
        <NameField
          label="To alias"
          value={to}
          change={changed(setTo)}
          parse={PARSE.to}
          options={names.aliases}
          refusal={refusalOf('to')}
        />
        <NameField
          label="Port"
          value={port}
          change={changed(setPort)}
          parse={PARSE.port}
          options={names.ports}
          isShort
          refusal={refusalOf('port')}
        />
      </div>
      <PreviewPanel network={network} preview={preview} isAsked={intent !== null} />
      <WriteTrouble network={network} state={state} again={write} discard={close} fields={['from', 'to', 'port']} />
      <SendRow
        verb={cut > 0 ? `${verb} and cut ${counted(cut, 'connection')}` : verb}
        isCut={effect === 'deny'}
        isReady={isGood && state.kind !== 'sending'}
        close={close}
        words={[
          'network',
          'policy',
          effect,
          network,
          '--from',
          from || '<selector>',
          '--to',
          to || '<alias>',
          '--port',
          port || '<port>',
          '--wait',
        ]}
      />
    </form>
  );
}

interface Names {
  readonly sources: readonly string[];
  readonly aliases: readonly string[];
  readonly ports: readonly string[];
}

/** What there is to choose from now: names, labels, sandboxes and the ports of the chosen alias. */
export function useNames(network: string, to: string): Names {
  const attachments = useQuery(attachmentsQuery(network)).data ?? [];
  const aliases = useQuery(aliasesQuery(network)).data ?? [];
  const names = aliases.map(({ alias }) => alias);
  const labels = attachments.flatMap(({ labels: each }) =>
    Object.entries(each).map(([key, value]) => `label:${key}=${value}`),
  );
  const sandboxes = attachments.map(({ sandboxId }) => `sandbox:${sandboxId}`);
  const ports = aliases.find(({ alias }) => alias === to)?.ports.map(({ published }) => String(published)) ?? [];
  return { sources: [...new Set(['local', 'any', ...names, ...labels, ...sandboxes])], aliases: names, ports };
}
