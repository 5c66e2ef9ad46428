import { Inject, Injectable } from '@nestjs/common';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { compile } from '#libs/policy/compile.js';
import { EMPTY_DIGEST } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { currentHash } from './current-hash.js';
import { Directory } from './directory.js';
import { expectedHash, type NetworkRecord, nextNetworkRecord, type VersionChange } from './network-record.js';
import { unknownNetwork } from './unknown-network.js';
import { VersionHashes } from './version-hashes.js';

/** Versions of one network that are kept because agents hold them. Agents in agreement hold only a few. */
const MOST_LEARNED = 64;

/** Whether a hash is right for an agent and a version; null: unknown here. */
export type HashCheck = (agentId: AgentId, version: number, hash: string) => boolean | null;

/**
 * The hash that each agent has to acknowledge for each version. Epoch, number and hash together prove a version: the
 * number alone could mean something else after a restore from an older copy.
 */
@Injectable()
export class ExpectedHashes {
  /** Versions for which the log was read, because an agent holds them. */
  private readonly learned = new Map<NetworkId, Map<number, VersionChange>>();

  constructor(
    private readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** By memory alone: the current version and recent ones, for which the hash of protocol 1 is not kept. */
  remembered(networkId: NetworkId): HashCheck {
    return (agentId, version, hash) => {
      const record = this.directory.network(networkId);
      if (record === null)
        return hash === new VersionHashes(unknownNetwork(networkId), EMPTY_DIGEST).of(agentId, false);
      if (record.topology.version === version) return isCurrent(record, agentId, hash);
      const change = this.change(networkId, version);
      const expected = change === null ? null : expectedHash(change, agentId);
      if (expected === null) return null;
      return expected === hash;
    };
  }

  /** Whether memory is sufficient to judge a claim to this version. */
  isKnown(networkId: NetworkId, version: number): boolean {
    const record = this.directory.network(networkId);
    if (record === null || version < 1 || version >= record.topology.version) return true;
    return (this.change(networkId, version)?.hashes ?? null) !== null;
  }

  /** Reads the log for a version whose hashes a replay did not compute. Errors: the store's. */
  async learn(networkId: NetworkId, version: number): Promise<void> {
    if (this.isKnown(networkId, version)) return;
    let record: NetworkRecord | null = null;
    for (const event of await this.store.readStream(streamOf(NETWORK, networkId))) {
      record = nextNetworkRecord(record, event);
      if (record?.topology.version === version) break;
    }
    if (record?.topology.version !== version) return;
    const learned = this.learned.get(networkId) ?? new Map<number, VersionChange>();
    const [oldest] = learned.keys();
    if (oldest !== undefined && learned.size >= MOST_LEARNED) learned.delete(oldest);
    this.learned.set(networkId, learned.set(version, record.last));
  }

  private change(networkId: NetworkId, version: number): VersionChange | null {
    const recent = this.directory.versionChange(networkId, version);
    if (recent?.hashes) return recent;
    return this.learned.get(networkId)?.get(version) ?? recent;
  }

  /** By memory, and by the log for versions that are too old for it. */
  async ofVersions(networkId: NetworkId, versions: ReadonlySet<number>): Promise<HashCheck> {
    const remembered = this.remembered(networkId);
    const read = new Map<number, NetworkRecord>();
    const isRemembered = [...versions].every(
      (version) =>
        this.directory.network(networkId)?.topology.version === version ||
        (this.directory.versionChange(networkId, version)?.hashes ?? null) !== null,
    );
    if (!isRemembered) {
      let record: NetworkRecord | null = null;
      for (const event of await this.store.readStream(streamOf(NETWORK, networkId))) {
        record = nextNetworkRecord(record, event);
        if (record !== null && versions.has(record.topology.version)) read.set(record.topology.version, record);
      }
    }
    return (agentId, version, hash) => {
      const record = read.get(version);
      return record === undefined ? remembered(agentId, version, hash) : isCurrent(record, agentId, hash);
    };
  }
}

/** Whether this hash is that of what the agent should hold of the record's version, in either supported protocol. */
function isCurrent(record: NetworkRecord, agentId: AgentId, hash: string): boolean {
  return hash === currentHash(record, agentId) || hash === snapshotHashOfProtocol1(compile(record.topology, agentId));
}
