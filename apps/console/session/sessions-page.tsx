import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ask } from '../api/client.js';
import { sessionsQuery } from '../api/queries.js';
import type { SessionItem } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { Age } from '../vocabulary/age.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { signOut, useSession } from './session.js';

/** The user's sessions; an admin sees those of all users. */
export function SessionsPage() {
  useTitle('Sessions');
  const queries = useQueryClient();
  const session = useSession();
  const isLive = useIsLive();
  const columns = useMemo(
    () =>
      columnsOf(isLive, async ({ id, current }) => {
        if (current) return signOut('here');
        await ask('DELETE', `/v1/sessions/${encodeURIComponent(id)}`);
        await queries.invalidateQueries({ queryKey: ['sessions'] });
      }),
    [isLive, queries],
  );
  return (
    <>
      <div className="head">
        <h1>Sessions</h1>
        <span className="second">
          where {session.role === 'admin' ? 'people are' : 'you are'} signed in to this page
        </span>
        <div className="actions">
          <button type="button" className="button" disabled={!isLive} onClick={() => void signOut('everywhere')}>
            Sign out everywhere
          </button>
        </div>
      </div>
      <section className="part first">
        <Loaded query={useQuery({ ...sessionsQuery, staleTime: 0 })}>
          {(sessions) => <ListTable label="Sessions" columns={columns} rows={sessions} keyOf={({ id }) => id} />}
        </Loaded>
      </section>
    </>
  );
}

function columnsOf(isLive: boolean, end: (session: SessionItem) => Promise<void>): readonly Column<SessionItem>[] {
  return [
    {
      heading: 'User',
      className: 'mono',
      cell: ({ user, current }) => (
        <>
          {user}
          {current && <span className="third sans"> this one</span>}
        </>
      ),
    },
    { heading: 'Role', cell: ({ role }) => role },
    { heading: 'Browser', className: 'remark wide-only anywhere', cell: ({ client }) => client },
    { heading: 'Signed in', className: 'second unbroken wide-only', cell: ({ createdAt }) => <Age at={createdAt} /> },
    {
      heading: 'Last used',
      className: 'second unbroken wide-only',
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Age at={lastUsedAt} />),
    },
    { heading: 'Ends', className: 'second unbroken', cell: ({ expiresAt }) => <Age at={expiresAt} /> },
    {
      heading: <span className="hidden">End</span>,
      className: 'number',
      cell: (session) => (
        <button
          type="button"
          className="link-button second"
          disabled={!isLive}
          aria-label={`end session ${session.id}`}
          onClick={() => void end(session)}
        >
          end
        </button>
      ),
    },
  ];
}
