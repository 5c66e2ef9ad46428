import { Inject, Injectable } from '@nestjs/common';
import type { HelloMessage, MeshState } from '#libs/contracts/bus-messages.js';
import type { LocalNodeStatus } from '#libs/contracts/http/statuses.js';
import type { LocalNodeId } from '#libs/contracts/ids.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { CLOCK, type Clock, SETTINGS } from '../provided.js';
import type { ControlPlaneSettings } from '../settings.js';

interface Contact {
  readonly lastContactAt: Date;
  readonly appliedVersion: number | null;
  readonly mesh: MeshState | null;
}

const ENDED = { expired: 'EXPIRED', revoked: 'REVOKED', left: 'LEFT' } as const;

/** When each local node was heard and what it holds. It says so again every few seconds: nothing of it is kept. */
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
    if (contact === null) return 'OFFLINE';
    const silentMs = this.clock().getTime() - contact.lastContactAt.getTime();
    return silentMs > this.settings.offlineAfterMs ? 'OFFLINE' : 'ONLINE';
  }

  heard(nodeId: LocalNodeId, { networks, mesh }: HelloMessage): void {
    const appliedVersion = networks[0]?.version ?? null;
    this.contacts.set(nodeId, { lastContactAt: this.clock(), appliedVersion, mesh });
  }

  /** It acknowledged a version. */
  applied(nodeId: LocalNodeId, version: number): void {
    const known = this.of(nodeId);
    const lastContactAt = known?.lastContactAt ?? this.clock();
    const appliedVersion = Math.max(version, known?.appliedVersion ?? 0);
    this.contacts.set(nodeId, { lastContactAt, appliedVersion, mesh: known?.mesh ?? null });
  }

  forget(nodeId: LocalNodeId): void {
    this.contacts.delete(nodeId);
  }
}
