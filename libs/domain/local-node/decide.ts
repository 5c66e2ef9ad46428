import type { LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import { type Decision, DomainError } from '../decision.js';
import type { LocalNodeEvent } from '../local-node/events.js';
import { evolveLocalNode, type LocalNodeState } from './state.js';

/**
 * The user, the token and the certificate request are verified before; the decider checks only whether the node may do
 * this.
 */
export type LocalNodeCommand =
  | {
      /** Both the first join and each renewal: the node's id stands for its user, network and key. */
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
  /** Its credentials expired without a renewal. */
  | { readonly kind: 'EndOfCredentials'; readonly nodeId: LocalNodeId; readonly now: Date }
  /** The token that it joined with was deleted. */
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
      'ask an admin whether you may join again; then `gstacks mesh leave <network>` and `gstacks mesh join <network>`',
    );
  }
}

/**
 * Decides a command about a local node; the result is its new state. Joining again renews, and is written each time,
 * because each join issued credentials. A revoked node stays out: its machine can join again with a new key, as another
 * node. Refusals are returned: LOCAL_NODE_NOT_FOUND, LOCAL_NODE_REVOKED.
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
