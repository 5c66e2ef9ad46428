import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { deleteToken } from '#libs/api-client/generated/index.js';
import { tokensQuery } from '../api/queries.js';
import type { Token } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { useSession } from '../session/session.js';
import { Age } from '../vocabulary/age.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';
import { CreateToken } from './create-token.js';

export function TokensPage() {
  useTitle('Tokens');
  const session = useSession();
  if (session.role !== 'admin') return <p>Tokens are an admin's to see. You are signed in as {session.role}.</p>;
  return <Tokens />;
}

function Tokens() {
  const queries = useQueryClient();
  const isLive = useIsLive();
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const [error, setError] = useState<unknown>(null);
  const columns = useMemo(() => columnsOf(isLive, setRevoking), [isLive]);
  const revoke = async (token: Token): Promise<void> => {
    setError(null);
    try {
      await deleteToken({ path: { tokenId: token.id } });
      setRevoking(null);
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    } catch (refusal) {
      setError(refusal);
    }
  };
  return (
    <>
      <div className="head">
        <h1>Tokens</h1>
        <span className="second">of the API and the command line</span>
        <div className="actions">
          <button type="button" className="button primary" disabled={!isLive} onClick={() => setIsCreating(true)}>
            Create token
          </button>
        </div>
      </div>
      {isCreating && <CreateToken close={() => setIsCreating(false)} />}
      {error !== null && <Problem error={error} />}
      {revoking !== null && (
        <form
          className="composer"
          aria-label={`Revoke token ${revoking.id}`}
          onSubmit={(event) => {
            event.preventDefault();
            void revoke(revoking);
          }}
        >
          <p className="fields">
            Token <span className="mono">{revoking.id}</span> of <span className="mono">{revoking.user}</span>: whoever
            uses it is refused from then on, and sessions that it opened end.
          </p>
          <SendRow verb="Revoke token" isCut isReady={isLive} close={() => setRevoking(null)} />
        </form>
      )}
      <section className="part first">
        <Loaded query={useQuery({ ...tokensQuery, staleTime: 0 })}>
          {(tokens) => <ListTable label="Tokens" columns={columns} rows={tokens} keyOf={({ id }) => id} />}
        </Loaded>
      </section>
    </>
  );
}

function columnsOf(isLive: boolean, revoke: (token: Token) => void): readonly Column<Token>[] {
  return [
    { heading: 'Token', className: 'mono', cell: ({ id }) => id },
    { heading: 'User', className: 'mono word', cell: ({ user }) => user },
    { heading: 'Role', cell: ({ role }) => role },
    { heading: 'Made', className: 'second wide-only', cell: ({ createdAt }) => <Age at={createdAt} /> },
    {
      heading: 'Last used',
      className: 'second wide-only',
      cell: ({ lastUsedAt }) => (lastUsedAt == null ? 'not known' : <Age at={lastUsedAt} />),
    },
    {
      heading: 'Ends',
      className: 'second unbroken',
      cell: ({ expiresAt }) => (expiresAt === null ? 'never' : <Age at={expiresAt} />),
    },
    {
      heading: <span className="hidden">Revoke</span>,
      className: 'number',
      cell: (token) => (
        <button
          type="button"
          className="link-button second"
          disabled={!isLive}
          aria-label={`revoke token ${token.id}`}
          onClick={() => revoke(token)}
        >
          revoke
        </button>
      ),
    },
  ];
}
