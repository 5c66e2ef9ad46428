import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import type { AgentState } from '#libs/domain/agent/state.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { MeshNodeRecord } from './control-server/control-server.js';
import type { MeshKey } from './mesh-key.entity.js';

/** A node joins within seconds after requesting its key; if it has not by then, it will request another. */
export const UNUSED_AFTER_MS = 60_000;

/** Whether the key's owner was revoked, left, expired, or another holds its name now. */
export function hasOwnerEnded({ ownerKind, ownerId, ownerNkey }: MeshKey, directory: OwnersNow): boolean {
  if (ownerKind === 'local') return directory.localNode(ownerId as LocalNodeId)?.state.status !== 'joined';
  const agent = directory.agent(ownerId as AgentId);
  const holdsName = agent?.state.status === 'enrolled' && agent.state.nkey === ownerNkey;
  return !holdsName || agent.voidKeys.has(ownerNkey);
}

/** What the directory says about owners. */
export interface OwnersNow {
  agent(agentId: AgentId): {
    readonly state: Pick<AgentState, 'status' | 'nkey'>;
    readonly voidKeys: Pick<ReadonlyMap<string, unknown>, 'has'>;
  } | null;
  localNode(nodeId: LocalNodeId): { readonly state: Pick<LocalNodeState, 'status'> } | null;
}

export interface KeysToSettle {
  readonly due: readonly MeshKey[];
  /** When the next key becomes due; null: none. */
  readonly nextAt: Date | null;
}

/** Of keys whose owners are still valid: those old enough to be checked, and those superseded by a newer one. */
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

/** An ended owner with all keys that were minted for it. */
export interface EndedOwner {
  readonly hostName: string;
  readonly keys: readonly MeshKey[];
  /** When a valid owner first got a key with the same host name; null: none did. */
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
 * The nodes that an ended owner leaves behind: those that joined with one of its keys. If the control server does not
 * report keys, those with its host name, unless they may belong to a valid owner with that name.
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
