import { Inject, Injectable } from '@nestjs/common';
import type { HelloMessage, MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import type { LocalNodeId } from '#libs/contracts/ids.js';
import type { LocalNodeStatus } from '#libs/contracts/statuses.js';
import type { TrustedKeys } from '#libs/contracts/store-keys.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { meshView } from './mesh-view.js';

interface Contact {
  readonly protocol: number;
  readonly lastContactAt: Date;
  readonly appliedVersion: number | null;
  readonly mesh: MeshState | null;
  /** null: it never said. */
  readonly keys: TrustedKeys | null;
}

const ENDED = { expired: 'EXPIRED', revoked: 'REVOKED', left: 'LEFT' } as const;

/**
 * When local nodes were last in contact, and what they hold. They repeat it every few seconds, so nothing is stored.
 */
@Injectable()
export class LocalNodeContacts {
  private readonly contacts = new Map<LocalNodeId, Contact>();

  constructor(
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  of(nodeId: LocalNodeId): Contact | null {
    return this.contacts.get(nodeId) ?? null;
  }

  statusOf({ nodeId, status }: LocalNodeState): LocalNodeStatus {
    if (status !== 'joined') return ENDED[status];
    const contact = this.of(nodeId);
    if (contact === null) return 'UNKNOWN';
    const silentMs = this.clock().getTime() - contact.lastContactAt.getTime();
    return silentMs > this.settings.offlineAfterMs ? 'OFFLINE' : 'ONLINE';
  }

  /** The node's state in the mesh, as far as known; null: it never reported one. */
  meshOf(node: LocalNodeState): MeshStateDto | null {
    return meshView(this.of(node.nodeId), this.statusOf(node), this.clock());
  }

  /** The node's protocol, as far as known. */
  protocolOf(nodeId: LocalNodeId): number {
    return this.of(nodeId)?.protocol ?? BUS_PROTOCOL;
  }

  /** `appliedVersion`: the version it holds, if this store made it. */
  heard(nodeId: LocalNodeId, { protocol, mesh, keys }: HelloMessage, appliedVersion: number | null): void {
    this.contacts.set(nodeId, { protocol, lastContactAt: this.clock(), appliedVersion, mesh, keys: keys ?? null });
  }

  /** It acknowledged a version. */
  applied(nodeId: LocalNodeId, version: number): void {
    const known = this.of(nodeId);
    const appliedVersion = Math.max(version, known?.appliedVersion ?? 0);
    const { protocol = BUS_PROTOCOL, lastContactAt = this.clock(), mesh = null } = known ?? {};
    const keys = known?.keys ?? null;
    this.contacts.set(nodeId, { protocol, lastContactAt, appliedVersion, mesh, keys });
  }

  forget(nodeId: LocalNodeId): void {
    this.contacts.delete(nodeId);
  }
}
