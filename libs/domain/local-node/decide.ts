import type { LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import { type Decision, DomainError } from '../decision.js';
import type { LocalNodeEvent } from '../local-node/events.js';
import { evolveLocalNode, type LocalNodeState } from './state.js';

/** Who asks, the token and the certificate request are checked before: what is left is whether the node may. */
export type LocalNodeCommand =
  | {
      /** The first time, and to renew: the node's id stands for its user, network and key. */
      readonly kind: 'JoinNetwork';
      readonly nodeId: LocalNodeId;
      readonly user: UserName;
      readonly networkId: NetworkId;
      readonly machine: string;
      readonly nkey: string;
      readonly meshKeyThumbprint: string;
      readonly tokenId: string;
      /** RFC 3339. */
      readonly expiresAt: string;
    }
  /** Its credentials ran out and nobody renewed them. */
  | { readonly kind: 'EndOfCredentials'; readonly nodeId: LocalNodeId; readonly now: Date }
  /** The token that its credentials rest on was deleted. */
  | { readonly kind: 'EndOfToken'; readonly nodeId: LocalNodeId; readonly tokenId: string }
  | { readonly kind: 'RevokeLocalNode'; readonly nodeId: LocalNodeId; readonly reason: string }
  | { readonly kind: 'LeaveNetwork'; readonly nodeId: LocalNodeId };

export class LocalNodeNotFoundError extends DomainError {
  constructor(nodeId: LocalNodeId) {
    super(
      'not-found',
      'LOCAL_NODE_NOT_FOUND',
      `there is no local node ${nodeId}`,
      'see gstacks network status <network>',
      'nodeId',
    );
  }
}

export class LocalNodeRevokedError extends DomainError {
  constructor(nodeId: LocalNodeId) {
    super(
      'forbidden',
      'LOCAL_NODE_REVOKED',
      `local node ${nodeId} was revoked`,
      'if you may join again: `gstacks mesh leave <network>`, then `gstacks mesh join <network>`',
    );
  }
}

/**
 * What a command makes of a local node. The result is the state it leads to. A join of a node that is joined renews
 * it, and is written each time, because credentials were handed out each time. A revoked node stays out: its machine
 * joins again with a new key, and so as another node. Refusals are returned: LOCAL_NODE_NOT_FOUND, LOCAL_NODE_REVOKED.
 */
export function decideLocalNode(
  command: LocalNodeCommand,
  node: LocalNodeState | null,
): Decision<LocalNodeEvent, LocalNodeState> {
  if (command.kind === 'JoinNetwork') {
    if (node?.status === 'revoked') return new LocalNodeRevokedError(command.nodeId);
    const { kind: _, ...joined } = command;
    const { meshKeyThumbprint, tokenId, expiresAt } = joined;
    return node?.status === 'joined'
      ? outcome(node, { type: 'LocalNodeRenewed', data: { meshKeyThumbprint, tokenId, expiresAt } })
      : outcome(node, { type: 'LocalNodeJoined', data: joined });
  }
  if (node === null) return new LocalNodeNotFoundError(command.nodeId);
  const unchanged = { events: [], result: node, warnings: [] };
  if (command.kind === 'RevokeLocalNode') {
    if (node.status === 'revoked') return unchanged;
    return outcome(node, { type: 'LocalNodeRevoked', data: { reason: command.reason } });
  }
  if (node.status !== 'joined') return unchanged;
  switch (command.kind) {
    case 'LeaveNetwork':
      return outcome(node, { type: 'LocalNodeLeft', data: {} });
    case 'EndOfCredentials':
      if (Date.parse(node.expiresAt) > command.now.getTime()) return unchanged;
      return outcome(node, { type: 'LocalNodeExpired', data: { reason: 'its credentials were not renewed' } });
    case 'EndOfToken':
      if (node.tokenId !== command.tokenId) return unchanged;
      return outcome(node, { type: 'LocalNodeExpired', data: { reason: 'the token of its user was deleted' } });
  }
}

function outcome(before: LocalNodeState | null, event: LocalNodeEvent): Decision<LocalNodeEvent, LocalNodeState> {
  return { events: [event], result: evolveLocalNode(before, event), warnings: [] };
}
