import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, NetworkId, NetworkName } from '#libs/contracts/ids.js';
import { Metrics } from '../foundation/metrics.js';
import { LOGGER } from '../foundation/provided.js';
import { StoreEpoch } from '../record/store-epoch.js';
import type { Claim } from './claims.js';

/**
 * An agent holds something that this store never wrote: the store was restored from an older copy, or is another one.
 */
export interface Regression {
  readonly networkId: NetworkId;
  readonly agentId: AgentId;
  /** The name in the agent's snapshot, for networks that are not in the store; null: not asked yet, or not answered. */
  readonly networkName: NetworkName | null;
  /** The store's version when this was found; 0: the network is not in the store. */
  readonly storeVersion: number;
  readonly claim: Claim;
  readonly detail: string;
  readonly foundAt: Date;
}

/** A network that agents hold and this store does not have. */
export interface UnknownNetwork {
  readonly networkId: NetworkId;
  readonly name: NetworkName | null;
  readonly found: readonly Regression[];
}

/**
 * A write was refused because agents hold versions that the store never wrote. Until an operator has decided which
 * history continues, only denials are written for such a network.
 */
export class EpochRegressedError extends CodedError {
  constructor(network: string, { detail }: Regression) {
    super(
      'EPOCH_REGRESSED',
      `network ${network} accepts only denials until a new epoch: ${detail}. The database was restored from an ` +
        'older copy, or is another one',
      'gstacks admin new-epoch',
    );
  }
}

const WRITE_AGAIN_MS = 1_000;

/**
 * Networks for which nothing is published until an operator starts a higher epoch (`EPOCH_REGRESSED`). Kept in the
 * store, so that they survive a restart; what is found while the database is away is written when it is back.
 */
@Injectable()
export class Regressions {
  private readonly found = new Map<NetworkId, Map<AgentId, Regression>>();
  /** By network and agent; only the last finding for each is written. */
  private readonly unwritten = new Map<string, Regression>();
  private writing: NodeJS.Timeout | null = null;
  private readonly listeners: ((regression: Regression) => void)[] = [];

  constructor(
    private readonly database: DataSource,
    private readonly epoch: StoreEpoch,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    metrics.gauge(
      'gs_regressed_networks',
      'Networks that accept only denials until an operator starts a new epoch (EPOCH_REGRESSED)',
      () => this.found.size,
    );
  }

  /** What was found in the current epoch, also by a previous process. */
  async start(): Promise<void> {
    const rows: readonly Row[] = await this.database.query(SELECT, [this.epoch.current.counter]);
    for (const row of rows) this.keep(regressionOf(row));
    // A new epoch settles everything found in the one before.
    this.epoch.onChange(() => {
      this.found.clear();
      this.unwritten.clear();
    });
  }

  /** Calls the listener once for each network and agent. */
  onFound(listener: (regression: Regression) => void): void {
    this.listeners.push(listener);
  }

  all(): readonly Regression[] {
    return [...this.found.values()].flatMap((byAgent) => [...byAgent.values()]);
  }

  /** What each agent holds of this network that the store does not have; empty: none. */
  of(networkId: NetworkId): readonly Regression[] {
    return [...(this.found.get(networkId)?.values() ?? [])];
  }

  ofAgent(networkId: NetworkId, agentId: AgentId): Regression | null {
    return this.found.get(networkId)?.get(agentId) ?? null;
  }

  /** Returns true if it is new. Of each agent, the highest claimed version counts. */
  report(regression: Regression): boolean {
    const known = this.ofAgent(regression.networkId, regression.agentId);
    if (known !== null && known.claim.version >= regression.claim.version) return false;
    this.keep(known === null ? regression : { ...regression, storeVersion: known.storeVersion });
    this.writeSoon(regression);
    if (known !== null) return false;
    for (const listener of this.listeners) listener(regression);
    return true;
  }

  /** Networks that agents hold and this store does not have. */
  unknownNetworks(): readonly UnknownNetwork[] {
    return [...this.found].flatMap(([networkId, byAgent]) => {
      const found = [...byAgent.values()];
      if (found.some(({ storeVersion }) => storeVersion > 0)) return [];
      return { networkId, name: found.find(({ networkName }) => networkName !== null)?.networkName ?? null, found };
    });
  }

  /** Records the name of a network that only agents know. */
  named(networkId: NetworkId, networkName: NetworkName): void {
    for (const regression of this.of(networkId)) {
      if (regression.networkName === networkName) continue;
      const named = { ...regression, networkName };
      this.keep(named);
      this.writeSoon(named);
    }
  }

  /** Drops a revoked agent's findings; returns the networks that only these had stopped. */
  async forget(agentId: AgentId): Promise<readonly NetworkId[]> {
    const freed: NetworkId[] = [];
    for (const [networkId, byAgent] of this.found) {
      if (!byAgent.delete(agentId) || byAgent.size > 0) continue;
      this.found.delete(networkId);
      freed.push(networkId);
    }
    for (const [key, regression] of this.unwritten) if (regression.agentId === agentId) this.unwritten.delete(key);
    await this.database.query('DELETE FROM epoch_regressions WHERE agent_id = $1', [agentId]);
    return freed;
  }

  close(): void {
    if (this.writing !== null) clearTimeout(this.writing);
  }

  private keep(regression: Regression): void {
    const byAgent = this.found.get(regression.networkId) ?? new Map<AgentId, Regression>();
    this.found.set(regression.networkId, byAgent.set(regression.agentId, regression));
  }

  private writeSoon(regression: Regression): void {
    this.unwritten.set(`${regression.networkId}/${regression.agentId}`, regression);
    this.write();
  }

  private write(): void {
    for (const [key, regression] of this.unwritten) {
      this.database
        .query(UPSERT, valuesOf(regression, this.epoch.current))
        .then(() => {
          if (this.unwritten.get(key) === regression) this.unwritten.delete(key);
        })
        .catch((error: unknown) => {
          this.logger.warn(
            { err: error, networkId: regression.networkId },
            'EPOCH_REGRESSED of a network could not be written to the database; trying again',
          );
          this.writing ??= setTimeout(() => {
            this.writing = null;
            this.write();
          }, WRITE_AGAIN_MS);
        });
    }
  }
}

const UPSERT = `
  INSERT INTO epoch_regressions (store_epoch, network_id, agent_id, network_name, store_version, epoch_counter, epoch_id,
    version, hash, signature, detail, found_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT (store_epoch, network_id, agent_id) DO UPDATE SET
    network_name = coalesce(excluded.network_name, epoch_regressions.network_name),
    epoch_counter = excluded.epoch_counter, epoch_id = excluded.epoch_id, version = excluded.version,
    hash = excluded.hash, signature = excluded.signature, detail = excluded.detail`;

const SELECT = 'SELECT * FROM epoch_regressions WHERE store_epoch = $1';

function valuesOf({ networkId, agentId, networkName, storeVersion, claim, detail, foundAt }: Regression, epoch: Epoch) {
  return [
    epoch.counter,
    networkId,
    agentId,
    networkName,
    storeVersion,
    claim.epoch.counter,
    claim.epoch.id,
    claim.version,
    claim.hash,
    claim.signature ?? '',
    detail,
    foundAt,
  ];
}

interface Row {
  readonly network_id: NetworkId;
  readonly agent_id: AgentId;
  readonly network_name: NetworkName | null;
  readonly store_version: number;
  readonly epoch_counter: number;
  readonly epoch_id: string;
  readonly version: number;
  readonly hash: string;
  readonly signature: string;
  readonly detail: string;
  readonly found_at: Date;
}

function regressionOf(row: Row): Regression {
  return {
    networkId: row.network_id,
    agentId: row.agent_id,
    networkName: row.network_name,
    storeVersion: row.store_version,
    claim: {
      networkId: row.network_id,
      epoch: { counter: row.epoch_counter, id: row.epoch_id },
      version: row.version,
      hash: row.hash,
      signature: row.signature,
    },
    detail: row.detail,
    foundAt: row.found_at,
  };
}
