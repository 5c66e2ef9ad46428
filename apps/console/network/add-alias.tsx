import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { publishAlias } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { portText } from '#libs/contracts/ports.js';
import { aliasesQuery, attachmentsQuery, networkQuery } from '../api/queries.js';
import { Field, faultOf, refusalAt } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { PreviewPanel } from '../writes/preview-panel.js';
import { SendRow } from '../writes/send-row.js';
import { usePreview } from '../writes/use-preview.js';
import { useWrite } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';
import { InheritRules } from './inherit-rules.js';
import { parsePortsText, portWords } from './ports-text.js';

const PARSE = {
  sandboxId: (text: string): unknown => parseSandboxId(text, 'sandboxId'),
  alias: (text: string): unknown => parseAliasName(text, 'alias'),
  ports: parsePortsText,
};

/** Fields at which refusals of the control plane are shown. */
const FIELDS = ['sandboxId', 'alias', 'ports'];

interface Props {
  readonly network: string;
  readonly sandboxId: string;
  readonly close: () => void;
}

/** Adds a name to an attached sandbox. */
export function AddAlias({ network, sandboxId: initial, close }: Props) {
  const [sandboxId, setSandboxId] = useState(initial);
  const [alias, setAlias] = useState('');
  const [ports, setPorts] = useState('');
  const [inheritRules, setInheritRules] = useState(false);
  const [replacePorts, setReplacePorts] = useState(false);
  const attached = useQuery(attachmentsQuery(network)).data?.map((each) => each.sandboxId) ?? [];
  const present = useQuery(aliasesQuery(network)).data?.find((each) => each.alias === alias);
  const isPublished = present?.sandboxId === sandboxId;
  const replaces = replacePorts && isPublished;
  const version = useQuery(networkQuery(network)).data?.version ?? null;
  const [seen] = useState(version);
  const { state, send, changed, refusalOf } = useWrite();
  const isGood =
    faultOf(PARSE.sandboxId, sandboxId) === null &&
    faultOf(PARSE.alias, alias) === null &&
    faultOf(PARSE.ports, ports) === null;

  const body = { sandboxId, alias, ports: [...portWords(ports)], inheritRules, replacePorts: replaces };
  const intent = isGood ? { kind: 'publish-alias' as const, ...body } : null;
  const preview = usePreview(network, intent);

  const write = (against: number | null): void => {
    if (!isGood) return;
    void send({
      seen: against ?? preview.data?.version ?? seen,
      summary: `alias ${alias} for ${sandboxId}`,
      send: (headers) => publishAlias({ path: { network }, headers, body }),
      done: close,
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  const refusedAt = (field: string) => refusalOf(field) ?? refusalAt(preview.error, field);
  const portFlags = portWords(ports === '' ? '<port>' : ports).flatMap((port) => ['--port', port]);
  return (
    <form className="composer" aria-label="Add alias" onSubmit={submit}>
      <div className="fields">
        <NameField
          label="Sandbox"
          value={sandboxId}
          change={changed(setSandboxId)}
          parse={PARSE.sandboxId}
          options={attached}
          refusal={refusedAt('sandboxId')}
        />
        <Field
          label="Alias"
          value={alias}
          change={changed(setAlias)}
          parse={PARSE.alias}
          refusal={refusedAt('alias')}
        />
        <Field
          label="Ports"
          value={ports}
          change={changed(setPorts)}
          parse={PARSE.ports}
          placeholder="8080, 80:8080"
          refusal={refusedAt('ports')}
        />
      </div>
      <InheritRules
        isAsked={refusedAt('alias')?.code === 'ALIAS_HAS_RULES'}
        isOn={inheritRules}
        set={setInheritRules}
      />
      {isPublished && (
        <p className="fields">
          <label className="line">
            <input type="checkbox" checked={replacePorts} onChange={(event) => setReplacePorts(event.target.checked)} />
            Replace the ports that it publishes now: {present.ports.map(portText).join(', ')}
          </label>
        </p>
      )}
      <PreviewPanel network={network} preview={preview} intent={intent} fields={FIELDS} />
      <WriteTrouble network={network} state={state} again={write} discard={close} fields={FIELDS} />
      <SendRow
        verb="Add alias"
        isReady={isGood && state.kind !== 'sending'}
        close={close}
        words={[
          'network',
          'alias',
          'add',
          network,
          sandboxId || '<sandbox-id>',
          alias || '<alias>',
          ...portFlags,
          ...(inheritRules ? ['--inherit-rules'] : []),
          ...(replaces ? ['--replace-ports'] : []),
          '--wait',
        ]}
      />
    </form>
  );
}
