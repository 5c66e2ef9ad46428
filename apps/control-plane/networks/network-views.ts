import { Injectable } from '@nestjs/common';
import type { AttachmentDto } from '#libs/contracts/http/attachments.js';
import type { LastChangeDto, NetworkDto } from '#libs/contracts/http/networks.js';
import type { NetworkName, SandboxId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord, VersionChange } from '../record/network-record.js';
import { requireNetwork } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { describeChange, UNKNOWN_EVENT } from '../status/change-descriptions.js';
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
    const { topology, createdAt, last } = record;
    return {
      ...this.networkAs(topology, createdAt, this.statuses.ofNetwork(record)),
      ...troublesOf(record),
      applied: this.statuses.applied(record),
      lastChange: lastChange(last),
    };
  }

  /** Of a network that was created this moment. */
  created(topology: Topology, createdAt: string): NetworkDto {
    const { version } = topology;
    return {
      ...this.networkAs(topology, createdAt, 'EMPTY'),
      applied: { confirmed: 0, expected: 0, elapsedMs: null, flowsCut: 0, missing: [] },
      lastChange: { version, type: 'NetworkCreated', summary: 'created', at: createdAt },
    };
  }

  private networkAs(topology: Topology, createdAt: string, status: NetworkDto['status']) {
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
      egressRules: topology.egressRules.size,
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
      aliases: (policyIndex(topology).aliasesOf.get(sandboxId) ?? [])
        .flatMap((alias) => topology.aliases.get(alias) ?? [])
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

function lastChange({ version, event, recordedAt }: VersionChange): LastChangeDto {
  const at = recordedAt.toISOString();
  if (event === null) return { version, type: null, summary: UNKNOWN_EVENT, at };
  return { version, type: event.type, summary: describeChange(event).summary, at };
}
