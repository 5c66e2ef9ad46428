import { Injectable } from '@nestjs/common';
import type { AttachmentDto } from '#libs/contracts/http/attachments.js';
import type { NetworkDto } from '#libs/contracts/http/networks.js';
import type { NetworkName, SandboxId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';
import { requireNetwork } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { aliasDto, networkSuffix, troublesOf } from '../status/descriptions.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { SandboxConditions } from '../status/sandbox-conditions.js';

/** Networks as the API shows them. */
@Injectable()
export class NetworkViews {
  constructor(
    private readonly directory: Directory,
    private readonly statuses: NetworkStatuses,
    private readonly conditions: SandboxConditions,
    private readonly epoch: StoreEpoch,
  ) {}

  /** Error: NETWORK_NOT_FOUND. */
  find(name: NetworkName): NetworkRecord {
    return requireNetwork(this.directory, name);
  }

  network(record: NetworkRecord): NetworkDto {
    const { topology, createdAt } = record;
    return { ...this.networkAs(topology, createdAt, this.statuses.ofNetwork(record)), ...troublesOf(record) };
  }

  networkAs(topology: Topology, createdAt: string, status: NetworkDto['status']): NetworkDto {
    return {
      id: topology.networkId,
      name: topology.name,
      suffix: networkSuffix(topology),
      mode: topology.mode,
      version: topology.version,
      epoch: this.epoch.current,
      status,
      maxStalenessSeconds: topology.maxStalenessSeconds,
      sandboxes: topology.sandboxes.size,
      aliases: topology.aliases.size,
      rules: topology.rules.size,
      createdAt,
      unreadable: null,
      quarantinedSince: topology.quarantinedSince,
    };
  }

  attachment(topology: Topology, sandboxId: SandboxId): AttachmentDto {
    const attached = topology.sandboxes.get(sandboxId);
    const { dns, dnsRemedy, lastKnown } = this.conditions.of(sandboxId);
    return {
      sandboxId,
      agentId: attached?.agentId ?? null,
      labels: attached?.labels ?? {},
      aliases: [...topology.aliases.values()]
        .filter((record) => record.sandboxId === sandboxId)
        .map((record) => aliasDto(topology, record)),
      dns,
      dnsRemedy,
      lastKnown: lastKnown && {
        ...{ dns: lastKnown.dns, dnsRemedy: lastKnown.dnsRemedy },
        ...{ at: lastKnown.at, secondsAgo: lastKnown.secondsAgo },
      },
    };
  }
}
