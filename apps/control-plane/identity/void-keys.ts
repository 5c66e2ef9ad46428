import type { Revocations } from '#libs/bus/authority.js';
import type { AgentRecord } from '../record/agent-record.js';
import type { LocalNodeRecord } from '../record/local-node-record.js';

/** Everything that was and will be issued to the key: no clock decides whether it was before or after. */
const FOR_EVER = Math.floor(Date.UTC(9999, 11, 31) / 1_000);

/**
 * What the bus must not take any more, as of now. A key is void for ever while nobody who may come holds it. Earlier
 * releases could register a key twice: then the latest moment counts, whoever it was that ended, and the end of a local
 * node never voids a key that an agent has or had.
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
    // What was issued to a local node ends within minutes: a key is named only as long as something may still hold.
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
