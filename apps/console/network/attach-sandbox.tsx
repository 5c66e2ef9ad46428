import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { attachSandbox } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { attachmentsQuery, networkQuery, sandboxesQuery } from '../api/queries.js';
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
  alias: (text: string): unknown => (text === '' ? null : parseAliasName(text, 'alias')),
  ports: (text: string): unknown => (text === '' ? null : parsePortsText(text)),
};

/** Fields at which refusals of the control plane are shown. */
const FIELDS = ['sandboxId', 'alias', 'ports'];

interface Props {
  readonly network: string;
  readonly sandboxId: string;
  readonly close: () => void;
}

/** Attaches a sandbox that agents report, optionally with an alias. */
export function AttachSandbox({ network, sandboxId: initial, close }: Props) {
  const [sandboxId, setSandboxId] = useState(initial);
  const [alias, setAlias] = useState('');
  const [ports, setPorts] = useState('');
  const [inheritRules, setInheritRules] = useState(false);
  const sandboxes = useQuery(sandboxesQuery).data ?? [];
  const attached = new Set(useQuery(attachmentsQuery(network)).data?.map((each) => each.sandboxId));
  const version = useQuery(networkQuery(network)).data?.version ?? null;
  const [seen] = useState(version);
  const { state, send, changed, refusalOf } = useWrite();
  const hasName = alias !== '' || ports !== '';
  const isGood =
    faultOf(PARSE.sandboxId, sandboxId) === null &&
    faultOf(PARSE.alias, alias) === null &&
    faultOf(PARSE.ports, ports) === null &&
    (!hasName || (alias !== '' && ports !== ''));

  const body = { sandboxId, ...(hasName ? { alias, ports: [...portWords(ports)], inheritRules } : {}) };
  const intent = isGood ? { kind: 'attach' as const, ...body } : null;
  const preview = usePreview(network, intent);

  const write = (against: number | null): void => {
    if (!isGood) return;
    void send({
      seen: against ?? preview.data?.version ?? seen,
      summary: hasName ? `attach ${sandboxId} as ${alias}` : `attach ${sandboxId}`,
      send: (headers) => attachSandbox({ path: { network }, headers, body }),
      done: close,
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  const refusedAt = (field: string) => refusalOf(field) ?? refusalAt(preview.error, field);
  const flags = hasName
    ? ['--alias', alias || '<alias>', ...portWords(ports === '' ? '<port>' : ports).flatMap((port) => ['--port', port])]
    : [];
  return (
    <form className="composer" aria-label="Attach sandbox" onSubmit={submit}>
      <div className="fields">
        <NameField
          label="Sandbox"
          value={sandboxId}
          change={changed(setSandboxId)}
          parse={PARSE.sandboxId}
          options={sandboxes.map(({ id }) => id).filter((id) => !attached.has(id))}
          refusal={refusedAt('sandboxId')}
        />
        <Field
          label="Alias"
          value={alias}
          change={changed(setAlias)}
          parse={PARSE.alias}
          placeholder="api"
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
      {!hasName && (
        <p className="fields remark">Without an alias and a port it may reach others, and nobody can reach it.</p>
      )}
      <InheritRules
        isAsked={refusedAt('alias')?.code === 'ALIAS_HAS_RULES'}
        isOn={inheritRules}
        set={setInheritRules}
      />
      <PreviewPanel network={network} preview={preview} intent={intent} fields={FIELDS} />
      <WriteTrouble network={network} state={state} again={write} discard={close} fields={FIELDS} />
      <SendRow
        verb="Attach sandbox"
        isReady={isGood && state.kind !== 'sending'}
        close={close}
        words={[
          'network',
          'attach',
          network,
          sandboxId || '<sandbox-id>',
          ...flags,
          ...(inheritRules ? ['--inherit-rules'] : []),
          '--wait',
        ]}
      />
    </form>
  );
}
