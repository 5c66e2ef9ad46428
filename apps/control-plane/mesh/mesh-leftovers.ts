import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import type { AgentState } from '#libs/domain/agent/state.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { MeshNodeRecord } from './control-server/control-server.js';
import type { MeshKey } from './mesh-key.entity.js';

/** A node joins within seconds of asking for its key; one that has not by then will ask for another. */
export const UNUSED_AFTER_MS = 60_000;

/** Whom a key was minted for is out: revoked, left, expired, or another holds the name now. */
export function hasOwnerEnded({ ownerKind, ownerId, ownerNkey }: MeshKey, directory: OwnersNow): boolean {
  if (ownerKind === 'local') return directory.localNode(ownerId as LocalNodeId)?.state.status !== 'joined';
  const agent = directory.agent(ownerId as AgentId);
  const holdsName = agent?.state.status === 'enrolled' && agent.state.nkey === ownerNkey;
  return !holdsName || agent.voidKeys.has(ownerNkey);
}

/** What of the directory tells whether an owner goes on. */
export interface OwnersNow {
  agent(agentId: AgentId): {
    readonly state: Pick<AgentState, 'status' | 'nkey'>;
    readonly voidKeys: Pick<ReadonlyMap<string, unknown>, 'has'>;
  } | null;
  localNode(nodeId: LocalNodeId): { readonly state: Pick<LocalNodeState, 'status'> } | null;
}

export interface KeysToSettle {
  readonly due: readonly MeshKey[];
  /** When the next one will be; null: none waits. */
  readonly nextAt: Date | null;
}

/**
 * Of keys whose owners go on: those that are old enough to be asked about, or that a newer one of the owner replaced.
 */
export function keysToSettle(keys: readonly MeshKey[], now: Date): KeysToSettle {
  const newest = new Map<string, MeshKey>();
  for (const key of keys) {
    const known = newest.get(ownerOf(key));
    if (known === undefined || known.mintedAt <= key.mintedAt) newest.set(ownerOf(key), key);
  }
  const waiting = keys.filter(({ settledAt }) => settledAt === null);
  const dueAt = (key: MeshKey): number => {
    return newest.get(ownerOf(key)) === key ? key.mintedAt.getTime() + UNUSED_AFTER_MS : key.mintedAt.getTime();
  };
  const later = waiting.map(dueAt).filter((at) => at > now.getTime());
  return {
    due: waiting.filter((key) => dueAt(key) <= now.getTime()),
    nextAt: later.length === 0 ? null : new Date(Math.min(...later)),
  };
}

/** One ended owner with all keys that were minted for it. */
export interface EndedOwner {
  readonly hostName: string;
  readonly keys: readonly MeshKey[];
  /** When somebody who goes on first got a key under the same host name; null: nobody did. */
  readonly succeededAt: Date | null;
}

export function endedOwners(ended: readonly MeshKey[], goingOn: readonly MeshKey[]): readonly EndedOwner[] {
  return [...Map.groupBy(ended, ownerOf).values()].flatMap((keys) => {
    const [first] = keys;
    if (first === undefined) return [];
    const { hostName } = first;
    const successors = goingOn.filter((key) => key.hostName === hostName).map(({ mintedAt }) => mintedAt.getTime());
    return [{ hostName, keys, succeededAt: successors.length === 0 ? null : new Date(Math.min(...successors)) }];
  });
}

/**
 * The nodes that an ended owner leaves behind: those that joined with one of its keys. Where the control server does
 * not tell with which, those of its host name, unless they may be somebody's who holds that name now.
 */
export function nodesLeftBy(owner: EndedOwner, nodes: readonly MeshNodeRecord[]): readonly MeshNodeRecord[] {
  const keyIds = new Set(owner.keys.map(({ keyId }) => keyId));
  return nodes.filter(({ keyId, name, joinedAt }) => {
    if (keyId !== null) return keyIds.has(keyId);
    if (name !== owner.hostName) return false;
    return owner.succeededAt === null || (joinedAt !== null && joinedAt < owner.succeededAt);
  });
}

function ownerOf({ ownerKind, ownerId, ownerNkey }: MeshKey): string {
  return `${ownerKind} ${ownerId} ${ownerNkey}`;
}
