import { EventEmitter } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { isDatabaseFull, isDatabaseUnavailable } from '../foundation/database-unavailable.js';
import { LOGGER } from '../foundation/provided.js';
import type { AppliedRecord } from './applied-record.js';

const MAX_ROWS_AT_ONCE = 500;
const RETRY_MS = 250;

/**
 * Rows that repeat the last row of the same version are not written: heartbeats repeat the last acknowledgement. One
 * that equals an older row is written, since the agent may have failed and recovered in between.
 */
const INSERT = `
  INSERT INTO applied_log (agent_id, network_id, epoch_counter, epoch_id, from_version, to_version, hash, outcome,
    code, message, flows_cut, alias_failures, applied_at)
  SELECT * FROM json_to_recordset($1::json) AS g(
    agent_id text, network_id text, epoch_counter integer, epoch_id text, from_version integer, to_version integer,
    hash text, outcome text, code text, message text, flows_cut text[], alias_failures json, applied_at timestamptz)
  WHERE NOT EXISTS (SELECT 1 FROM (
      SELECT * FROM applied_log l WHERE l.agent_id = g.agent_id AND l.network_id = g.network_id
        AND l.to_version = g.to_version AND l.epoch_id = g.epoch_id ORDER BY l.id DESC LIMIT 1) a
    WHERE a.hash = g.hash AND a.outcome = g.outcome AND a.alias_failures::text = g.alias_failures::text
      AND a.flows_cut @> g.flows_cut)`;

/** As JSON, because the client library parses an array of the database ten times slower. */
const SELECT = `
  SELECT agent_id, network_id, epoch_counter, epoch_id, from_version, to_version, hash, outcome, code, message,
    to_json(flows_cut) AS flows_cut, alias_failures, applied_at, received_at
  FROM applied_log WHERE network_id = $1 AND to_version >= $2 AND epoch_id = $3 ORDER BY id`;

/** Of several equal rows of a version, the first says when it was applied. */
const LAST = `
  SELECT DISTINCT ON (l.agent_id, l.network_id) l.*
  FROM json_to_recordset($1::json) AS v("networkId" text, version integer)
  JOIN applied_log l ON l.network_id = v."networkId" AND l.to_version = v.version AND l.epoch_id = $2
  WHERE l.outcome = 'applied' AND l.alias_failures::text = '[]'
  ORDER BY l.agent_id, l.network_id, l.id`;

/**
 * The last version that each of these agents had applied at a time. The agent's clock may be wrong, so its time is
 * limited: not before the version was written, and not after the acknowledgement arrived. No version that was written
 * later counts ($5), so each agent's rows are read backwards from there to the first that was in time.
 */
const HELD_AT = `
  SELECT agent_id, version, at FROM unnest($4::text[]) AS a(agent_id) CROSS JOIN LATERAL (
    SELECT l.to_version AS version, greatest(e.recorded_at, least(l.applied_at, l.received_at)) AS at
    FROM applied_log l JOIN events e ON e.stream_id = $3 AND e.stream_version = l.to_version
    WHERE l.network_id = $1 AND l.agent_id = a.agent_id AND l.to_version <= $5 AND l.outcome = 'applied'
      AND greatest(e.recorded_at, least(l.applied_at, l.received_at)) <= $2
    ORDER BY l.to_version DESC, l.id DESC LIMIT 1) held`;

/** A version that an agent had applied. */
export interface HeldVersion {
  readonly agentId: AgentId;
  readonly version: number;
  readonly at: Date;
}

interface Pending {
  readonly agentId: AgentId;
  readonly message: AppliedMessage;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * The append-only log of acknowledgements. Rows wait while the database is away; nothing is answered before it is
 * written.
 */
@Injectable()
export class AppliedLog {
  private readonly arrivals = new EventEmitter().setMaxListeners(0);
  private readonly pending = new Map<string, Pending>();
  private readonly closing = new AbortController();
  private readonly writing = new WokenWork(() => this.write());

  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the acknowledgement is in the log. */
  async append(agentId: AgentId, message: AppliedMessage): Promise<void> {
    const key = rowKey(agentId, message);
    const known = this.pending.get(key);
    if (known !== undefined) return known.settled;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.pending.set(key, { agentId, message, settled: promise, settle: resolve, refuse: reject });
    this.writing.wake();
    return promise;
  }

  /** Each agent's last acknowledgement of the given version of each network. */
  async lastOf(
    versions: readonly { readonly networkId: NetworkId; readonly version: number }[],
    epoch: Epoch,
  ): Promise<readonly AppliedRecord[]> {
    const rows: Row[] = await this.database.query(LAST, [JSON.stringify(versions), epoch.id]);
    return rows.map(recordOf);
  }

  /** Acknowledgements of this and later versions of the network, in order of arrival. */
  async read(networkId: NetworkId, version: number, epoch: Epoch): Promise<readonly AppliedRecord[]> {
    const rows: Row[] = await this.database.query(SELECT, [networkId, version, epoch.id]);
    return rows.map(recordOf);
  }

  /**
   * What each of the agents had applied of a network at a time, at which it had this version; agents without any are
   * left out.
   */
  async heldAt(
    networkId: NetworkId,
    agents: readonly AgentId[],
    { at, version }: { readonly at: Date; readonly version: number },
  ): Promise<readonly HeldVersion[]> {
    const rows: { agent_id: AgentId; version: number; at: Date }[] = await this.database.query(HELD_AT, [
      networkId,
      at,
      streamOf(NETWORK, networkId),
      agents,
      version,
    ]);
    return rows.map(({ agent_id: agentId, version: held, at: appliedAt }) => ({
      agentId,
      version: held,
      at: appliedAt,
    }));
  }

  /** Calls the listener with each acknowledgement of this network once it is in the log; returns what ends that. */
  follow(networkId: NetworkId, listener: (agentId: AgentId, version: number) => void): () => void {
    this.arrivals.on(networkId, listener);
    return () => this.arrivals.off(networkId, listener);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.writing.idle();
  }

  private async write(): Promise<void> {
    // Everything that arrives in one turn of the event loop is written with one statement.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.pending.size > 0 && !this.closing.signal.aborted) {
      const batch = firstOfEachNetwork(this.pending);
      try {
        await this.insert(batch);
      } catch (error) {
        if (mustWait(error)) {
          this.logger.warn(
            { err: error, rows: batch.length },
            'acknowledgements could not be written; they are written again when the database answers',
          );
          await rest(RETRY_MS, this.closing.signal);
        } else await this.insertOneByOne(batch);
      }
    }
  }

  /** A row that the database refuses must not stop the others. */
  private async insertOneByOne(batch: readonly Entry[]): Promise<void> {
    for (const entry of batch) {
      try {
        await this.insert([entry]);
      } catch (error) {
        if (mustWait(error)) return;
        const [key, { agentId, refuse }] = entry;
        this.logger.error(
          { err: error, agentId },
          'the database refused an acknowledgement: the version is not proven',
        );
        this.pending.delete(key);
        refuse(error);
      }
    }
  }

  private async insert(batch: readonly Entry[]): Promise<void> {
    const rows = batch.map(([, { agentId, message }]) => rowOf(agentId, message));
    await this.database.query(INSERT, [JSON.stringify(rows)]);
    for (const [key, { agentId, message, settle }] of batch) {
      this.pending.delete(key);
      settle();
      this.arrivals.emit(message.networkId, agentId, message.to);
    }
  }
}

/** The database accepts nothing at the moment. */
function mustWait(error: unknown): boolean {
  return isDatabaseUnavailable(error) || isDatabaseFull(error);
}

type Entry = readonly [key: string, pending: Pending];

/** At most one per agent and network: each row is compared with the one written before it. */
function firstOfEachNetwork(pending: ReadonlyMap<string, Pending>): readonly Entry[] {
  const batch = new Map<string, Entry>();
  for (const entry of pending) {
    const { agentId, message } = entry[1];
    const lane = `${agentId}/${message.networkId}`;
    if (!batch.has(lane)) batch.set(lane, entry);
    if (batch.size === MAX_ROWS_AT_ONCE) break;
  }
  return [...batch.values()];
}

function rowKey(agentId: AgentId, message: AppliedMessage): string {
  const { networkId, epoch, to, hash, outcome, aliasFailures, flowsCut } = message;
  return JSON.stringify([agentId, networkId, epoch.id, to, hash, outcome, aliasFailures, flowsCut]);
}

function rowOf(agentId: AgentId, message: AppliedMessage): { readonly [column: string]: unknown } {
  return {
    agent_id: agentId,
    network_id: message.networkId,
    epoch_counter: message.epoch.counter,
    epoch_id: message.epoch.id,
    from_version: message.from,
    to_version: message.to,
    hash: message.hash,
    outcome: message.outcome,
    code: message.code,
    message: message.message,
    flows_cut: message.flowsCut,
    alias_failures: message.aliasFailures,
    applied_at: message.appliedAt,
  };
}

interface Row {
  readonly agent_id: AgentId;
  readonly network_id: NetworkId;
  readonly epoch_counter: number;
  readonly epoch_id: string;
  readonly from_version: number | null;
  readonly to_version: number;
  readonly hash: string;
  readonly outcome: AppliedMessage['outcome'];
  readonly code: string | null;
  readonly message: string | null;
  readonly flows_cut: AppliedMessage['flowsCut'];
  readonly alias_failures: AppliedMessage['aliasFailures'];
  readonly applied_at: Date;
  readonly received_at: Date;
}

function recordOf(row: Row): AppliedRecord {
  return {
    agentId: row.agent_id,
    networkId: row.network_id,
    epoch: { counter: row.epoch_counter, id: row.epoch_id },
    from: row.from_version,
    to: row.to_version,
    hash: row.hash,
    outcome: row.outcome,
    code: row.code,
    message: row.message,
    flowsCut: row.flows_cut,
    aliasFailures: row.alias_failures,
    appliedAt: row.applied_at.toISOString(),
    receivedAt: row.received_at,
  };
}
