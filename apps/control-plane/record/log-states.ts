import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { type TopologySigner, verifyCheckpoint } from '#libs/bus/signing.js';
import { LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import { LOG_STATE_FORM, type LogState, printLogState, readLogState } from './log-state.js';

/** The state after the event at this position, which has this hash. */
export interface KeptLogState {
  readonly position: number;
  readonly hash: string;
  readonly state: LogState;
}

interface Row {
  readonly part: number;
  readonly parts: number;
  /** bigint, which the driver returns as text. */
  readonly position: string;
  readonly event_hash: string;
  readonly state: string;
  readonly signature: string;
  /** Of the event at this position in the log; null: there is none. */
  readonly logged_hash: string | null;
}

/** Records are put together until a part is so long. */
const PART_CHARACTERS = 256 * 1_024;

const READ = `
  SELECT s.part, s.parts, s.position, s.event_hash, s.state, s.signature, e.hash AS logged_hash
  FROM log_states s LEFT JOIN events e ON e.position = s.position ORDER BY s.part`;

/**
 * A state of the whole log, kept in the database so that a start need not read the log from its first event. The log
 * alone is the record: a state that is not whole, that no key of this store signed as the one after that very event, or
 * that another release made, is deleted and does not count.
 */
@Injectable()
export class LogStates {
  constructor(
    private readonly database: DataSource,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** null: none is kept that counts. */
  async last(): Promise<KeptLogState | null> {
    const rows: Row[] = await this.database.query(READ);
    const [first] = rows;
    if (first === undefined) return null;
    const { position, event_hash: hash } = first;
    if (rows.length === first.parts && rows.every((row, at) => row.part === at && this.counts(row, first))) {
      const texts = rows.flatMap(({ state }) => state.split('\n'));
      return { position: Number(position), hash, state: readLogState(texts) };
    }
    this.logger.warn(
      { position },
      'the kept state of the log does not match this log or release: it is deleted, and the whole log is read',
    );
    await this.database.query('DELETE FROM log_states');
    return null;
  }

  /** Keeps this state in the place of the one before. Other work gets its turn between the parts. */
  async keep({ position, hash, state }: KeptLogState): Promise<void> {
    const texts = await partsOf(state);
    await this.database.transaction(async (manager) => {
      await manager.query('DELETE FROM log_states');
      for (const [part, text] of texts.entries()) {
        const of = nameOf(part, texts.length);
        const signature = this.signer.signCheckpoint({ of, version: position, eventHash: hash, state: text });
        await manager.query(
          `INSERT INTO log_states (part, parts, position, event_hash, state, signature)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          [part, texts.length, position, hash, text, signature],
        );
      }
    });
  }

  private counts({ part, parts, position, event_hash, state, signature, logged_hash }: Row, first: Row): boolean {
    if (logged_hash !== event_hash || position !== first.position || parts !== first.parts) return false;
    const checkpoint = { of: nameOf(part, parts), version: Number(position), eventHash: event_hash, state };
    return verifyCheckpoint(this.signer.accepted, checkpoint, signature);
  }
}

/** The signature covers it, so no part stands for another one, and none that another release made is read. */
function nameOf(part: number, parts: number): string {
  return `log state ${LOG_STATE_FORM}, part ${part} of ${parts}`;
}

async function partsOf(state: LogState): Promise<readonly string[]> {
  const parts: string[] = [];
  let [lines, characters]: [string[], number] = [[], 0];
  for (const line of printLogState(state)) {
    lines.push(line);
    characters += line.length;
    if (characters < PART_CHARACTERS) continue;
    parts.push(lines.join('\n'));
    [lines, characters] = [[], 0];
    await turn();
  }
  if (lines.length > 0) parts.push(lines.join('\n'));
  return parts;
}
