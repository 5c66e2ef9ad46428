import { CodedError } from '#libs/contracts/errors.js';
import type { LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import type { LocalNodeEvent } from '../local-node/events.js';

/** The state of a developer's machine in one network: the fold of its stream. version is the stream version. */
export interface LocalNodeState {
  readonly nodeId: LocalNodeId;
  readonly version: number;
  readonly status: 'joined' | 'expired' | 'revoked' | 'left';
  readonly user: UserName;
  readonly networkId: NetworkId;
  /** The machine's name, as its owner gave it. */
  readonly machine: string;
  /** The public key of its bus credentials. */
  readonly nkey: string;
  readonly meshKeyThumbprint: string;
  /** The API token of its last join or renewal. */
  readonly tokenId: string;
  /** RFC 3339: when its latest credentials expire. */
  readonly expiresAt: string;
  /** Why it is no longer joined. */
  readonly reason: string | null;
}

/** The stream does not begin with LocalNodeJoined. */
export class LocalNodeStreamError extends CodedError {
  constructor(type: string) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot begin the stream of a local node`,
      'see docs/operations.md, STREAM_UNREADABLE: a newer release wrote it, or the log is damaged',
    );
  }
}

/** The local node after one more event of its stream. Throws LocalNodeStreamError. */
export function evolveLocalNode(before: LocalNodeState | null, event: LocalNodeEvent): LocalNodeState {
  if (event.type === 'LocalNodeJoined') {
    return { ...event.data, version: (before?.version ?? 0) + 1, status: 'joined', reason: null };
  }
  if (before === null) throw new LocalNodeStreamError(event.type);
  const version = before.version + 1;
  switch (event.type) {
    case 'LocalNodeRenewed':
      return { ...before, ...event.data, version };
    case 'LocalNodeExpired':
      return { ...before, version, status: 'expired', reason: event.data.reason };
    case 'LocalNodeRevoked':
      return { ...before, version, status: 'revoked', reason: event.data.reason };
    case 'LocalNodeLeft':
      return { ...before, version, status: 'left', reason: null };
  }
}
