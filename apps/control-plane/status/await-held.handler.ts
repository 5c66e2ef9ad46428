import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { rest } from '#libs/async/rest.js';
import type { AppliedDto } from '#libs/contracts/http/status.js';
import type { AgentId, NetworkName } from '#libs/contracts/ids.js';
import { AppliedLog } from '../applied/applied-log.js';
import { proveApplied } from '../applied/applied-proof.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { ServerClosing } from '../foundation/server-closing.js';
import { NotFoundError, networkNotFound } from '../http/errors.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { agentsConcerned, type NetworkRecord } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { EarlierNetworks, withEarlier } from './earlier-networks.js';
import { type HeldProof, proveHeld } from './held-proof.js';
import { NetworkStatuses } from './network-statuses.js';
import { AwaitHeld } from './queries.js';

/** Contacts change without an event, so they are read this often. */
const LOOK_EVERY_MS = 200;

/** Waits until every participant is known to follow an earlier version, or the time is up. */
@QueryHandler(AwaitHeld)
export class AwaitHeldHandler implements IQueryHandler<AwaitHeld> {
  constructor(
    private readonly directory: Directory,
    private readonly log: AppliedLog,
    private readonly statuses: NetworkStatuses,
    private readonly earlier: EarlierNetworks,
    private readonly closing: ServerClosing,
    private readonly epoch: StoreEpoch,
    private readonly hashes: ExpectedHashes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: NETWORK_NOT_FOUND, also if it is deleted meanwhile; VERSION_NOT_FOUND. */
  async execute({ network, version, waitSeconds }: AwaitHeld): Promise<AppliedDto> {
    const asked = this.clock().getTime();
    const deadline = AbortSignal.any([AbortSignal.timeout(waitSeconds * 1_000), this.closing.signal]);
    for (;;) {
      const record = this.directory.networkNamed(network);
      if (record === null) throw networkNotFound(network);
      // Another process may have written the version, and this one not read it yet.
      const proof = version > record.topology.version ? null : await this.prove(record, version);
      if (proof?.settled || deadline.aborted || waitSeconds === 0) {
        if (proof === null) throw versionNotFound(network, version);
        const { confirmed, supersededBy, agents } = proof;
        const elapsedMs = Math.max(0, this.clock().getTime() - asked);
        return { network, version, confirmed, expected: agents.length, elapsedMs, flowsCut: 0, supersededBy, agents };
      }
      await rest(LOOK_EVERY_MS, deadline);
    }
  }

  private async prove(record: NetworkRecord, version: number): Promise<HeldProof> {
    const { topology } = record;
    const proof = proveHeld({
      version,
      presentVersion: topology.version,
      participants: agentsConcerned(record),
      acknowledged: topology.version === version ? new Set() : await this.acknowledged(record, version),
      stateOf: (agentId) => this.statuses.ofAgent(record, agentId),
    });
    const stillServing = await this.earlier.stillServing(topology.name);
    const settled = proof.settled && stillServing.every(({ isFinal }) => isFinal);
    return { ...proof, ...withEarlier(proof.agents, stillServing), settled };
  }

  private async acknowledged(
    { topology, participants }: NetworkRecord,
    version: number,
  ): Promise<ReadonlySet<AgentId>> {
    const records = await this.log.read(topology.networkId, version, this.epoch.current);
    const isExpected = await this.hashes.ofVersions(topology.networkId, new Set(records.map(({ to }) => to)));
    const { agents } = proveApplied(version, participants, records, isExpected, () => ({
      status: 'PENDING',
      appliedVersion: null,
      reason: null,
      isFinal: false,
    }));
    const proven = new Set(agents.filter(({ status }) => status === 'SYNCED').map(({ agentId }) => agentId));
    return new Set(participants.filter((agentId) => proven.has(agentId)));
  }
}

function versionNotFound(network: NetworkName, version: number): NotFoundError {
  return new NotFoundError(
    'VERSION_NOT_FOUND',
    `network ${network} has no version ${version}`,
    `see \`gstacks network show ${network}\``,
  );
}
