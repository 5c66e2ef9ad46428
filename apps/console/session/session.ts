import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { ask } from '../api/client.js';
import { sessionQuery } from '../api/queries.js';
import { queries } from '../api/query-cache.js';
import type { Role, Session } from '../api/shapes.js';

/** Exchanges a one-time code or a token for a session cookie that no script can read. Throws ProblemError. */
export async function signIn(by: { readonly code: string } | { readonly token: string }): Promise<void> {
  await ask('POST', '/v1/sessions', by);
  queries.clear();
}

export async function signOut(where: 'here' | 'everywhere'): Promise<void> {
  await ask('DELETE', where === 'here' ? '/v1/session' : '/v1/sessions');
  queries.clear();
  location.assign('/sign-in');
}

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

const RANK: { readonly [role in Role]: number } = { joiner: 0, viewer: 1, operator: 2, admin: 3 };

/** Why this user may not do it; null: the user may. Such actions are shown disabled, with this reason. */
export function useRefusal(needed: 'operator' | 'admin', what: string): string | null {
  const { data } = useQuery(sessionQuery);
  if (data === undefined || RANK[data.role] >= RANK[needed]) return null;
  return `You look on as ${data.role}. ${what} the role ${needed}.`;
}
