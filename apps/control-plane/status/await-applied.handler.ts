import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { rest } from '#libs/async/rest.js';
import type { AppliedAgentDto, AppliedDto } from '#libs/contracts/http/status.js';
import type { AgentId, NetworkId, NetworkName } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { AppliedLog } from '../applied/applied-log.js';
import { type AppliedProof, type ProvenAgent, proveApplied, type Standing } from '../applied/applied-proof.js';
import type { AppliedRecord } from '../applied/applied-record.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { HeardAgents } from '../applied/heard-agents.js';
import { Regressions } from '../applied/regressions.js';
import { Metrics } from '../foundation/metrics.js';
import { CLOCK, type Clock, EVENT_STORE } from '../foundation/provided.js';
import { ServerClosing } from '../foundation/server-closing.js';
import { NotFoundError, networkNotFound } from '../http/errors.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { type NetworkRecord, nextNetworkRecord, type VersionChange } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { EarlierNetworks, type StillServing, withEarlier } from './earlier-networks.js';
import { NetworkStatuses } from './network-statuses.js';
import { AwaitApplied } from './queries.js';

/** No event tells that an agent has stopped serving an earlier network of the name, so the proof is read this often. */
const LOOK_EVERY_MS = 200;

interface TimedProof extends AppliedProof {
  readonly agents: readonly AppliedAgentDto[];
  /** Agents that may still serve an earlier network of the same name. */
  readonly stillServing: readonly StillServing[];
}

/** Waits for acknowledgements, and answers what is proven when all have arrived or the time is up. */
@QueryHandler(AwaitApplied)
export class AwaitAppliedHandler implements IQueryHandler<AwaitApplied> {
  private waiting = 0;

  constructor(
    private readonly directory: Directory,
    private readonly log: AppliedLog,
    private readonly statuses: NetworkStatuses,
    private readonly earlier: EarlierNetworks,
    private readonly closing: ServerClosing,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly epoch: StoreEpoch,
    private readonly hashes: ExpectedHashes,
    private readonly doubted: DoubtedClaims,
    private readonly regressions: Regressions,
    @Inject(CLOCK) private readonly clock: Clock,
    metrics: Metrics,
  ) {
    metrics.gauge('gs_applied_waits', 'Requests that are waiting for acknowledgements (--wait)', () => this.waiting);
  }

  async execute({ network, version, waitSeconds }: AwaitApplied): Promise<AppliedDto> {
    const networkId = await this.networkId(network);
    const change = await this.versionChange(network, networkId, version);
    const deadline = AbortSignal.any([AbortSignal.timeout(waitSeconds * 1_000), this.closing.signal]);
    const heard = new HeardAgents(this.log, networkId, version);
    let proof: TimedProof;
    try {
      for (;;) {
        // What comes from now on may be missing in what is read next.
        heard.clear();
        proof = await this.prove(network, networkId, change);
        const mayLetGo = proof.stillServing.some(({ isFinal }) => !isFinal);
        // After the time is up the log is read once more: the wait may have begun late.
        if ((proof.open.length === 0 && !mayLetGo) || deadline.aborted || waitSeconds === 0) break;
        this.waiting += 1;
        if (mayLetGo) await rest(LOOK_EVERY_MS, deadline);
        else await heard.all(proof.open, (agentId) => this.isFinal(networkId, agentId), deadline);
        this.waiting -= 1;
      }
    } finally {
      heard.close();
    }
    const isDone = proof.open.length + proof.stillServing.length === 0;
    const until = isDone && proof.lastConfirmedAt !== null ? proof.lastConfirmedAt : this.clock();
    return {
      network,
      version,
      confirmed: proof.confirmed,
      expected: proof.agents.length,
      elapsedMs: Math.max(0, until.getTime() - change.recordedAt.getTime()),
      flowsCut: proof.flowsCut,
      supersededBy: proof.supersededBy,
      agents: proof.agents,
    };
  }

  private async prove(network: NetworkName, networkId: NetworkId, change: VersionChange): Promise<TimedProof> {
    const records = await this.log.read(networkId, change.version, this.epoch.current);
    const isExpected = await this.hashes.ofVersions(networkId, new Set(records.map(({ to }) => to)));
    const standing = (agentId: AgentId) => this.standing(networkId, agentId);
    const proof = proveApplied(change.version, change.concerned, records, isExpected, standing);
    const isCurrent = this.directory.networkNamed(network)?.topology.networkId === networkId;
    const stillServing = isCurrent ? await this.earlier.stillServing(network) : [];
    const proven = proof.agents.map((agent) => ({ ...agent, tookMs: tookMs(change, agent, records) }));
    return { ...proof, ...withEarlier(proven, stillServing), stillServing };
  }

  private standing(networkId: NetworkId, agentId: AgentId): Standing {
    const record = this.directory.network(networkId);
    if (record === null) return { status: 'UNKNOWN', appliedVersion: null, reason: null, isFinal: false };
    const { status, appliedVersion, reason } = this.statuses.ofAgent(record, agentId);
    const isFinal = this.isFinal(networkId, agentId);
    // An acknowledgement that is not in the log yet is no proof.
    return { status: status === 'SYNCED' ? 'PENDING' : status, appliedVersion, reason, isFinal };
  }

  private isFinal(networkId: NetworkId, agentId: AgentId): boolean {
    return this.regressions.ofAgent(networkId, agentId) !== null || this.doubted.of(agentId, networkId) !== null;
  }

  /** Of an existing network, or a deleted one: a deletion is applied too. */
  private async networkId(network: NetworkName): Promise<NetworkId> {
    const id = this.directory.networkNamed(network)?.topology.networkId ?? this.directory.lastNetworkNamed(network);
    if (id === null) throw networkNotFound(network);
    return id;
  }

  private async versionChange(network: NetworkName, networkId: NetworkId, version: number): Promise<VersionChange> {
    const recent = this.directory.versionChange(networkId, version);
    if (recent !== null) return recent;
    let record: NetworkRecord | null = null;
    for (const event of await this.store.readStream(streamOf(NETWORK, networkId))) {
      record = nextNetworkRecord(record, event);
      if (record?.topology.version === version) return record.last;
    }
    throw new NotFoundError(
      'VERSION_NOT_FOUND',
      `network ${network} has no version ${version}`,
      `see \`gstacks network show ${network}\``,
    );
  }
}

/** Agents repeat acknowledgements; the first one says when the version was applied. */
function tookMs(
  { version, recordedAt }: VersionChange,
  { agentId, status }: ProvenAgent,
  records: readonly AppliedRecord[],
): number | null {
  if (status !== 'SYNCED') return null;
  const first = records.find(
    (record) => record.agentId === agentId && record.to === version && record.outcome === 'applied',
  );
  return first === undefined ? null : Math.max(0, first.receivedAt.getTime() - recordedAt.getTime());
}
