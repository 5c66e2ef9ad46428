import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { agentsQuery, localNodesQuery, networksQuery, sandboxesQuery } from '../api/queries.js';
import { useSession } from '../session/session.js';
import { SignOut } from '../session/sign-out.js';
import { Age } from '../vocabulary/age.js';
import { Brand } from './brand.js';

/** Further networks are found with the list's filter. */
const MOST_NETWORKS = 12;

function Count({ of }: { readonly of: readonly unknown[] | undefined }) {
  return of === undefined ? null : <span className="count">{of.length}</span>;
}

/** The sections of the console, with the networks nested. */
export function Rail({ isOpen }: { readonly isOpen: boolean }) {
  const session = useSession();
  const networks = useQuery(networksQuery).data;
  const sandboxes = useQuery(sandboxesQuery).data;
  const agents = useQuery(agentsQuery).data;
  const localNodes = useQuery(localNodesQuery).data;
  return (
    <nav className={isOpen ? 'rail open' : 'rail'} aria-label="Sections">
      <Brand />
      <Link className="section" to="/networks" activeOptions={{ exact: true }}>
        Networks <Count of={networks} />
      </Link>
      {networks?.slice(0, MOST_NETWORKS).map(({ name }) => (
        <Link key={name} className="section nested" to="/networks/$network" params={{ network: name }}>
          <span>{name}</span>
        </Link>
      ))}
      <Link className="section" to="/sandboxes">
        Sandboxes <Count of={sandboxes} />
      </Link>
      <Link className="section" to="/agents">
        Agents <Count of={agents} />
      </Link>
      <Link className="section" to="/local-nodes">
        Local nodes <Count of={localNodes} />
      </Link>
      {session.role === 'admin' && (
        <Link className="section" to="/tokens">
          Tokens
        </Link>
      )}
      <div className="who">
        <b>{session.user}</b>
        {session.role === session.user ? '' : ` ${session.role}`}
        <br />
        {session.expiresAt !== null && (
          <>
            session ends <Age at={session.expiresAt} />
            <br />
          </>
        )}
        <Link to="/sessions">Sessions</Link> &nbsp;
        <SignOut />
      </div>
    </nav>
  );
}
