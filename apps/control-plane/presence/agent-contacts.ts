import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import type { Repository } from 'typeorm';
import { Batches } from '#libs/async/batches.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { RefusedFlows } from '#libs/contracts/bus/from-member/refused-flows.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { AgentStatus } from '#libs/contracts/statuses.js';
import { Metrics } from '../foundation/metrics.js';
import { CLOCK, type Clock, LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { AgentContact } from './agent-contact.entity.js';

/** How often a contact without news is written. */
const WRITE_EVERY_MS = 30_000;
/** Rows in one statement: a thousand agents that connect at once are then not a thousand transactions. */
const MOST_ROWS_AT_ONCE = 500;

/** An agent as of its last contact. */
export interface Contact extends Omit<HelloMessage, 'networks' | 'refusedFlows'> {
  readonly lastContactAt: Date;
  /** false: the information is from before this process started. */
  readonly heard: boolean;
  readonly held: ReadonlyMap<NetworkId, NetworkVersion>;
  /** Since its process started; empty before its first contact. */
  readonly refusedFlows: readonly RefusedFlows[];
}

/**
 * When agents were last in contact, and what they said about themselves. Only a heartbeat or hello counts as contact.
 */
@Injectable()
export class AgentContacts {
  private readonly contacts = new Map<AgentId, Contact>();
  private readonly refusals = new Map<AgentId, string>();
  private readonly written = new Map<AgentId, { readonly content: string; readonly at: number }>();
  private readonly writes: Batches<AgentId, AgentContact>;

  constructor(
    @InjectRepository(AgentContact) private readonly rows: Repository<AgentContact>,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.writes = new Batches(async (contacts) => {
      await this.rows.upsert([...contacts], ['agentId']);
    }, MOST_ROWS_AT_ONCE);
    metrics.gauge(
      'gs_agents_refusing_peers',
      'Agents that refuse a peer because it opened too many streams (PEER_STREAM_LIMIT)',
      () => [...this.contacts.values()].filter(({ mesh }) => mesh.code === 'PEER_STREAM_LIMIT').length,
    );
    metrics.gauges(
      'gs_flows_refused',
      'Connections that an agent has refused since its start, by reason, from its last report',
      ['agent', 'code'],
      () => this.refusedFlows(),
    );
  }

  async start(): Promise<void> {
    for (const { agentId, ...row } of await this.rows.find()) {
      const { protocol, bootId, softwareVersion, driver, mesh, lastContactAt } = row;
      this.contacts.set(agentId, {
        protocol,
        bootId,
        softwareVersion,
        driver,
        mesh,
        lastContactAt,
        heard: false,
        held: new Map(),
        refusedFlows: [],
      });
    }
  }

  of(agentId: AgentId): Contact | null {
    return this.contacts.get(agentId) ?? null;
  }

  statusOf(agentId: AgentId): Exclude<AgentStatus, 'REVOKED'> {
    const contact = this.of(agentId);
    if (contact === null || !contact.heard) return 'UNKNOWN';
    return this.clock().getTime() - contact.lastContactAt.getTime() > this.settings.offlineAfterMs
      ? 'OFFLINE'
      : 'ONLINE';
  }

  /** Whether this process knows what the agent holds. */
  isHeard(agentId: AgentId): boolean {
    return this.of(agentId)?.heard ?? false;
  }

  /** The agent's protocol, as far as known. */
  protocolOf(agentId: AgentId): number {
    return this.of(agentId)?.protocol ?? BUS_PROTOCOL;
  }

  /** Why the agent's last contact was refused; null: it was not. */
  refusalOf(agentId: AgentId): string | null {
    return this.refusals.get(agentId) ?? null;
  }

  /** Returns true if the reason is new. */
  refused(agentId: AgentId, reason: string): boolean {
    const isNews = this.refusals.get(agentId) !== reason;
    this.refusals.set(agentId, reason);
    return isNews;
  }

  /** Records a hello or heartbeat; returns true if the agent may have been away before it. */
  heard(agentId: AgentId, message: HelloMessage): boolean {
    const returned = this.statusOf(agentId) !== 'ONLINE' || this.of(agentId)?.bootId !== message.bootId;
    const { protocol, bootId, softwareVersion, driver, mesh, takesDeltas, keys } = message;
    this.refusals.delete(agentId);
    this.contacts.set(agentId, {
      protocol,
      bootId,
      softwareVersion,
      driver,
      mesh,
      ...(takesDeltas === undefined ? {} : { takesDeltas }),
      ...(keys === undefined ? {} : { keys }),
      lastContactAt: this.clock(),
      heard: true,
      held: new Map(message.networks.map((network) => [network.networkId, network])),
      refusedFlows: message.refusedFlows ?? [],
    });
    this.write(agentId);
    return returned;
  }

  forget(agentId: AgentId): void {
    this.contacts.delete(agentId);
    this.refusals.delete(agentId);
    this.written.delete(agentId);
    this.rows
      .delete({ agentId })
      .catch((error: unknown) =>
        this.logger.warn({ err: error, agentId }, 'the contact record of a revoked agent could not be deleted'),
      );
  }

  /** Sums over an agent's networks, since a series for each network would be too many. */
  private refusedFlows() {
    return [...this.contacts].flatMap(([agent, { refusedFlows }]) => {
      const counts = new Map<string, number>();
      for (const { code, count } of refusedFlows) counts.set(code, (counts.get(code) ?? 0) + count);
      return [...counts].map(([code, value]) => ({ labels: { agent, code }, value }));
    });
  }

  private write(agentId: AgentId): void {
    const contact = this.of(agentId);
    if (contact === null) return;
    const { protocol, bootId, softwareVersion, driver, mesh, lastContactAt } = contact;
    const content = JSON.stringify([protocol, bootId, softwareVersion, driver, mesh]);
    const last = this.written.get(agentId);
    const now = lastContactAt.getTime();
    if (last?.content === content && now - last.at < WRITE_EVERY_MS) return;
    this.written.set(agentId, { content, at: now });
    this.writes
      .add(agentId, { agentId, protocol, bootId, softwareVersion, driver, mesh, lastContactAt })
      .catch((error: unknown) => {
        this.written.delete(agentId);
        this.logger.warn(
          { err: error, agentId },
          'the time of the last contact of an agent could not be written; it is written again at the next heartbeat',
        );
      });
  }
}
