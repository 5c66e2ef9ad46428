import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { AttachmentDto } from '#libs/api-client/generated/index.js';
import { detachSandbox } from '#libs/api-client/generated/index.js';
import { attachmentsQuery } from '../api/queries.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { labelTexts } from '../vocabulary/labels.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Prose } from '../vocabulary/phrase.js';
import { State } from '../vocabulary/state.js';
import { ConfirmWrite } from '../writes/confirm-write.js';
import { AttachSandbox } from './attach-sandbox.js';
import { Reattach } from './reattach.js';
import { useNetworkName } from './use-network.js';

/** The attached sandboxes; attach, detach, reattach. */
export function AttachmentsPage() {
  const network = useNetworkName();
  const { q = '', attach, detach } = useSearch({ from: '/frame/networks/$network/attachments' });
  const navigate = useNavigate({ from: '/networks/$network/attachments' });
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Attaching needs');
  const mayWrite = isLive && refusal === null;
  const columns = useMemo(() => columnsOf(network, mayWrite), [network, mayWrite]);
  const close = (): void => void navigate({ search: q === '' ? {} : { q }, replace: true });
  return (
    <>
      {attach !== undefined && mayWrite && (
        <AttachSandbox network={network} sandboxId={attach === 'open' ? '' : attach} close={close} />
      )}
      {detach !== undefined && mayWrite && (
        <ConfirmWrite
          network={network}
          intent={{ kind: 'detach', sandboxId: detach }}
          label={`Detach ${detach}`}
          text={detach}
          verb="Detach"
          summary={`detach ${detach}`}
          words={['network', 'detach', network, detach, '--wait']}
          send={(headers) => detachSandbox({ path: { network, sandboxId: detach }, headers })}
          close={close}
        />
      )}
      <section className="part first">
        <div className="heading">
          <h2>Attachments</h2>
          <div className="actions">
            <input
              className="input filter"
              type="search"
              aria-label="Filter attachments"
              placeholder="sandbox, agent, label"
              value={q}
              onChange={(event) =>
                void navigate({ search: event.target.value === '' ? {} : { q: event.target.value }, replace: true })
              }
            />
            <button
              type="button"
              className="button"
              disabled={!mayWrite}
              onClick={() => void navigate({ search: { attach: 'open' } })}
            >
              Attach sandbox
            </button>
          </div>
        </div>
        <Loaded query={useQuery(attachmentsQuery(network))}>
          {(attachments) => {
            const shown = attachments.filter((attachment) => isFound(attachment, q));
            if (attachments.length === 0) {
              return (
                <div className="empty">
                  <p>No sandbox is attached: no agent takes part in {network}.</p>
                  <CommandLine
                    words={['network', 'attach', network, '<sandbox-id>', '--alias', 'api', '--port', '8080']}
                  />
                </div>
              );
            }
            if (shown.length === 0) return <p className="empty">No attachment matches the filter.</p>;
            return (
              <ListTable label="Attachments" columns={columns} rows={shown} keyOf={({ sandboxId }) => sandboxId} />
            );
          }}
        </Loaded>
      </section>
      {refusal !== null && <p className="remark part">{refusal}</p>}
    </>
  );
}

function isFound({ sandboxId, agentId, labels }: AttachmentDto, q: string): boolean {
  return [sandboxId, agentId ?? '', ...labelTexts(labels)].some((text) => text.includes(q));
}

function columnsOf(network: string, mayWrite: boolean): readonly Column<AttachmentDto>[] {
  return [
    {
      heading: 'Sandbox',
      className: 'mono',
      cell: ({ sandboxId, agentId, aliases, dns, dnsRemedy }) => (
        <>
          <Link className="strong" to="/sandboxes/$sandbox" params={{ sandbox: sandboxId }}>
            {sandboxId}
          </Link>
          <div className="narrow-only second">{agentId === null ? 'no agent' : `on ${agentId}`}</div>
          {aliases.length > 0 && (
            <div className="narrow-only second">as {aliases.map(({ alias }) => alias).join(', ')}</div>
          )}
          <div className="narrow-only sans">
            DNS: <State of={dns} />
            {dnsRemedy !== null && (
              <div className="remark">
                To do: <Prose text={dnsRemedy} />
              </div>
            )}
          </div>
        </>
      ),
    },
    { heading: 'Agent', className: 'mono second wide-only', cell: ({ agentId }) => agentId ?? 'none' },
    {
      heading: 'Aliases',
      className: 'mono wide-only',
      cell: ({ aliases }) => aliases.map(({ alias }) => alias).join(', '),
    },
    {
      heading: 'Labels',
      className: 'wide-only',
      cell: ({ labels }) =>
        labelTexts(labels).map((text) => (
          <span key={text} className="tag">
            {text}
          </span>
        )),
    },
    {
      heading: 'Asks its agent for names',
      className: 'wide-only',
      cell: ({ dns, dnsRemedy }) => (
        <>
          <State of={dns} />
          {dnsRemedy !== null && (
            <div className="remark">
              To do: <Prose text={dnsRemedy} />
            </div>
          )}
        </>
      ),
    },
    {
      heading: <span className="hidden">Actions</span>,
      className: 'number',
      cell: ({ sandboxId }) =>
        mayWrite && (
          <>
            <Reattach network={network} sandboxId={sandboxId} />{' '}
            <Link
              className="second"
              to="/networks/$network/attachments"
              params={{ network }}
              search={{ detach: sandboxId }}
              aria-label={`detach ${sandboxId}`}
            >
              detach
            </Link>
          </>
        ),
    },
  ];
}
