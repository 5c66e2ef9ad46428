import type { Revocations } from '#libs/bus/authority.js';
import type { AgentRecord } from '../record/agent-record.js';
import type { LocalNodeRecord } from '../record/local-node-record.js';

/** Voids everything issued to the key at any time, so that clock differences do not matter. */
const FOR_EVER = Math.floor(Date.UTC(9999, 11, 31) / 1_000);

/**
 * The keys that the bus must refuse now. A key without a valid holder is void for ever. Earlier releases could register
 * a key twice: then the latest end counts, and the end of a local node never voids a key that an agent has or had.
 */
export function voidKeys(
  agents: readonly AgentRecord[],
  localNodes: readonly LocalNodeRecord[],
  now: Date,
): Revocations {
  const enrolled = new Set(agents.flatMap(({ state }) => (state.status === 'enrolled' ? [state.nkey] : [])));
  const ofAgents = new Set(agents.flatMap(({ state, voidKeys }) => [state.nkey, ...voidKeys.keys()]));
  const joined = new Set(localNodes.flatMap(({ state }) => (state.status === 'joined' ? [state.nkey] : [])));

  const revoked = agents.flatMap(({ voidKeys }) =>
    [...voidKeys].map(([nkey, at]) => [nkey, enrolled.has(nkey) ? secondsOf(at) : FOR_EVER] as const),
  );
  const ended = localNodes.flatMap(({ state: { nkey, expiresAt }, endedAt }) => {
    // Credentials of a local node expire within minutes, so its key is listed only until then.
    const isOver = endedAt === null || Date.parse(expiresAt) < now.getTime();
    if (isOver || ofAgents.has(nkey)) return [];
    return [[nkey, joined.has(nkey) ? secondsOf(endedAt) : FOR_EVER] as const];
  });

  const moments = new Map<string, number>();
  for (const [nkey, at] of [...revoked, ...ended]) moments.set(nkey, Math.max(at, moments.get(nkey) ?? at));
  return Object.fromEntries(moments);
}

function secondsOf(moment: Date): number {
  return Math.floor(moment.getTime() / 1_000);
}
