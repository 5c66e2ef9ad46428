import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type LocalNodeDto, revokeLocalNode } from '#libs/api-client/generated/index.js';
import { EndMember } from '../agents/end-member.js';
import { localNodesQuery } from '../api/queries.js';
import type { Session } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { meshText } from '../members/mesh-text.js';
import { useSession } from '../session/session.js';
import { Age } from '../vocabulary/age.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { State } from '../vocabulary/state.js';

/** Developers' machines that are joined or were joined. */
export function LocalNodesPage() {
  useTitle('Local nodes');
  const [revoking, setRevoking] = useState<LocalNodeDto | null>(null);
  const session = useSession();
  const isLive = useIsLive();
  const columns = useMemo(() => columnsOf(session, isLive, setRevoking), [session, isLive]);
  return (
    <>
      <div className="head">
        <h1>Local nodes</h1>
        <span className="second">developers' machines: reported, never waited for</span>
      </div>
      {revoking !== null && (
        <EndMember
          key={revoking.id}
          name={revoking.id}
          verb="Revoke local node"
          words={['mesh', 'revoke', revoking.id]}
          consequence={`the connections of ${revoking.user} from ${revoking.machine} into ${revoking.network} are cut.`}
          send={(headers) => revokeLocalNode({ path: { nodeId: revoking.id }, headers })}
          close={() => setRevoking(null)}
        />
      )}
      <section className="part first">
        <Loaded query={useQuery(localNodesQuery)}>
          {(nodes) =>
            nodes.length === 0 ? (
              <div className="empty">
                <p>No local nodes: no developer's machine is joined.</p>
                <CommandLine words={['mesh', 'join', '<network>']} />
              </div>
            ) : (
              <ListTable label="Local nodes" columns={columns} rows={nodes} keyOf={({ id }) => id} />
            )
          }
        </Loaded>
      </section>
      <section className="part terminal">
        <CommandLine words={['mesh', 'status']} />
      </section>
    </>
  );
}

const ENDED: readonly string[] = ['EXPIRED', 'REVOKED', 'LEFT'];

function columnsOf(
  session: Session,
  isLive: boolean,
  revoke: (node: LocalNodeDto) => void,
): readonly Column<LocalNodeDto>[] {
  return [
    {
      heading: 'Local node',
      className: 'mono',
      cell: ({ id, user, network }) => (
        <>
          <span className="strong">{id}</span>
          <div className="narrow-only second">
            local:{user} in {network}
          </div>
        </>
      ),
    },
    { heading: 'State', cell: ({ status }) => <State of={status} /> },
    { heading: 'User', className: 'mono wide-only', cell: ({ user }) => `local:${user}` },
    { heading: 'Network', className: 'mono wide-only', cell: ({ network }) => network },
    { heading: 'Machine', className: 'wide-only', cell: ({ machine }) => machine },
    { heading: 'Mesh', className: 'second wide-only', cell: ({ mesh }) => meshText(mesh) },
    {
      heading: 'Credentials end',
      className: 'second',
      cell: ({ status, expiresAt, reason }) => (ENDED.includes(status) ? (reason ?? 'ended') : <Age at={expiresAt} />),
    },
    {
      heading: <span className="hidden">Revoke</span>,
      className: 'number',
      cell: (node) => {
        const isOver = ENDED.includes(node.status);
        const mayRevoke = session.role === 'admin' || node.user === session.user;
        return (
          !isOver && (
            <button
              type="button"
              className="link-button second"
              disabled={!isLive || !mayRevoke}
              title={mayRevoke ? undefined : 'Only its user or an admin may revoke it'}
              aria-label={`revoke ${node.id}`}
              onClick={() => revoke(node)}
            >
              revoke
            </button>
          )
        );
      },
    },
  ];
}
