import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { type TopologySigner, verifyCheckpoint } from '#libs/bus/signing.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { printCheckpoint, readCheckpoint } from '#libs/domain/network/checkpoint.js';
import type { Topology } from '#libs/policy/model.js';
import { LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';

interface Row {
  readonly version: number;
  readonly event_hash: string;
  readonly state: string;
  readonly signature: string;
  /** Of the event of this version in the log; null: there is none. */
  readonly logged_hash: string | null;
}

const LAST_UP_TO = `
  SELECT c.version, c.event_hash, c.state, c.signature, e.hash AS logged_hash
  FROM network_checkpoints c LEFT JOIN events e ON e.stream_id = $2 AND e.stream_version = c.version
  WHERE c.network_id = $1 AND c.version <= $3 ORDER BY c.version DESC LIMIT 1`;

/**
 * States of networks at some of their versions, kept in the database so that a fold need not begin at the first event.
 * The log alone is the record: a state that no key of this store signed as the one after that very event, or that
 * another release made, is deleted and does not count.
 */
@Injectable()
export class Checkpoints {
  constructor(
    private readonly database: DataSource,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The last state that is kept of this version or an earlier one; null: there is none. */
  async lastUpTo(networkId: NetworkId, version: number): Promise<Topology | null> {
    const stream = streamOf(NETWORK, networkId);
    for (;;) {
      const rows: Row[] = await this.database.query(LAST_UP_TO, [networkId, stream, version]);
      const [row] = rows;
      if (row === undefined) return null;
      const topology = this.read(networkId, row);
      if (topology !== null) return topology;
      this.logger.warn(
        { networkId, version: row.version },
        'a checkpoint does not match this log or release: it is deleted, and made again from the log',
      );
      await this.database.query('DELETE FROM network_checkpoints WHERE network_id = $1 AND version = $2', [
        networkId,
        row.version,
      ]);
    }
  }

  /** Keeps the state after the event with this hash. */
  async keep(topology: Topology, eventHash: string): Promise<void> {
    const { networkId, version } = topology;
    const state = printCheckpoint(topology);
    const signature = this.signer.signCheckpoint({ of: networkId, version, eventHash, state });
    await this.database.query(
      `INSERT INTO network_checkpoints (network_id, version, event_hash, state, signature)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [networkId, version, eventHash, state, signature],
    );
  }

  private read(networkId: NetworkId, { version, event_hash: eventHash, state, signature, logged_hash }: Row) {
    if (logged_hash !== eventHash) return null;
    const checkpoint = { of: networkId, version, eventHash, state };
    return verifyCheckpoint(this.signer.accepted, checkpoint, signature) ? readCheckpoint(state) : null;
  }
}
