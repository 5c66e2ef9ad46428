import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { attachSandbox } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { attachmentsQuery, sandboxesQuery } from '../api/queries.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { WriteForm } from '../writes/write-form.js';
import { AliasFields } from './alias-fields.js';
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
  const hasName = alias !== '' || ports !== '';
  const isGood =
    faultOf(PARSE.sandboxId, sandboxId) === null &&
    faultOf(PARSE.alias, alias) === null &&
    faultOf(PARSE.ports, ports) === null &&
    (!hasName || (alias !== '' && ports !== ''));

  const body = { sandboxId, ...(hasName ? { alias, ports: [...portWords(ports)], inheritRules } : {}) };
  const write = {
    intent: { kind: 'attach' as const, ...body },
    summary: hasName ? `attach ${sandboxId} as ${alias}` : `attach ${sandboxId}`,
    send: (headers: WriteHeaders) => attachSandbox({ path: { network }, headers, body }),
  };
  const flags = hasName
    ? ['--alias', alias || '<alias>', ...portWords(ports === '' ? '<port>' : ports).flatMap((port) => ['--port', port])]
    : [];
  return (
    <WriteForm
      label="Attach sandbox"
      network={network}
      write={isGood ? write : null}
      fields={FIELDS}
      verb="Attach sandbox"
      words={[
        ...['network', 'attach', network, sandboxId || '<sandbox-id>', ...flags],
        ...(inheritRules ? ['--inherit-rules'] : []),
        '--wait',
      ]}
      close={close}
      below={({ refusalOf }) => (
        <>
          {!hasName && (
            <p className="fields remark">Without an alias and a port it may reach others, and nobody can reach it.</p>
          )}
          <InheritRules
            isAsked={refusalOf('alias')?.code === 'ALIAS_HAS_RULES'}
            isOn={inheritRules}
            set={setInheritRules}
          />
        </>
      )}
    >
      {(form) => (
        <>
          <NameField
            label="Sandbox"
            value={sandboxId}
            change={form.changed(setSandboxId)}
            parse={PARSE.sandboxId}
            options={sandboxes.map(({ id }) => id).filter((id) => !attached.has(id))}
            refusal={form.refusalOf('sandboxId')}
          />
          <AliasFields form={form} parse={PARSE} {...{ alias, setAlias, ports, setPorts }} />
        </>
      )}
    </WriteForm>
  );
}
