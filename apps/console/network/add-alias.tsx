import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { publishAlias } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { portText } from '#libs/contracts/ports.js';
import { aliasesQuery, attachmentsQuery } from '../api/queries.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { WriteForm } from '../writes/write-form.js';
import { AliasFields } from './alias-fields.js';
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
  const isGood =
    faultOf(PARSE.sandboxId, sandboxId) === null &&
    faultOf(PARSE.alias, alias) === null &&
    faultOf(PARSE.ports, ports) === null;

  const body = { sandboxId, alias, ports: [...portWords(ports)], inheritRules, replacePorts: replaces };
  const write = {
    intent: { kind: 'publish-alias' as const, ...body },
    summary: `alias ${alias} for ${sandboxId}`,
    send: (headers: WriteHeaders) => publishAlias({ path: { network }, headers, body }),
  };
  const portFlags = portWords(ports === '' ? '<port>' : ports).flatMap((port) => ['--port', port]);
  return (
    <WriteForm
      label="Add alias"
      network={network}
      write={isGood ? write : null}
      fields={FIELDS}
      verb="Add alias"
      words={[
        ...['network', 'alias', 'add', network, sandboxId || '<sandbox-id>', alias || '<alias>', ...portFlags],
        ...(inheritRules ? ['--inherit-rules'] : []),
        ...(replaces ? ['--replace-ports'] : []),
        '--wait',
      ]}
      close={close}
      below={({ refusalOf }) => (
        <>
          <InheritRules
            isAsked={refusalOf('alias')?.code === 'ALIAS_HAS_RULES'}
            isOn={inheritRules}
            set={setInheritRules}
          />
          {isPublished && (
            <p className="fields">
              <label className="line">
                <input
                  type="checkbox"
                  checked={replacePorts}
                  onChange={(event) => setReplacePorts(event.target.checked)}
                />
                Replace the ports that it publishes now: {present.ports.map(portText).join(', ')}
              </label>
            </p>
          )}
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
            options={attached}
            refusal={form.refusalOf('sandboxId')}
          />
          <AliasFields form={form} parse={PARSE} {...{ alias, setAlias, ports, setPorts }} />
        </>
      )}
    </WriteForm>
  );
}
