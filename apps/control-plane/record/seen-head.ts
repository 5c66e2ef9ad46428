import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { integerBetween, parseObject } from '#libs/contracts/json-fields.js';
import { LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { Directory } from './directory.js';
import { StoreEpoch } from './store-epoch.js';

const FILE = 'store-head.json';
const WRITE_EVERY_MS = 5_000;
const number = integerBetween(0, Number.MAX_SAFE_INTEGER);

interface Head {
  readonly epoch: number;
  readonly position: number;
}

/**
 * How far the log had come, kept beside the keys: a database that ends earlier was restored from an older copy, which
 * is said at the start, before any agent is heard. Its age is known to five seconds, and it proves nothing by itself:
 * what agents hold decides.
 */
@Injectable()
export class SeenHead {
  private seen: Head | null = null;
  private writing: NodeJS.Timeout | null = null;
  private missing = false;

  constructor(
    private readonly directory: Directory,
    private readonly epoch: StoreEpoch,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The database lacks what was written while these keys were in use; until a new epoch begins. */
  get databaseIsOlder(): boolean {
    return this.missing;
  }

  start(): void {
    this.seen = this.read();
    const head = this.head();
    this.missing = this.seen !== null && (this.seen.position > head.position || this.seen.epoch > head.epoch);
    if (this.missing) {
      this.logger.error(
        { code: 'DATABASE_OLDER_THAN_KEYS', seen: this.seen, found: head, remedy: 'gstacks admin new-epoch' },
        'the database was restored from an older copy: agents may hold what it does not have',
      );
    }
    this.epoch.onChange(() => {
      this.missing = false;
      this.write();
    });
    this.writing = setInterval(() => this.write(), WRITE_EVERY_MS);
    this.writing.unref();
  }

  close(): void {
    if (this.writing !== null) clearInterval(this.writing);
    this.write();
  }

  private head(): Head {
    return { epoch: this.epoch.current.counter, position: this.directory.position };
  }

  private read(): Head | null {
    try {
      const { epoch, position } = parseObject(JSON.parse(readFileSync(this.path(), 'utf8')), FILE);
      return { epoch: number(epoch, 'epoch'), position: number(position, 'position') };
    } catch {
      // The first start, or a file that cannot be read: nothing is known.
      return null;
    }
  }

  private write(): void {
    const head = this.head();
    if (this.missing || (head.position === this.seen?.position && head.epoch === this.seen.epoch)) return;
    try {
      writeFileSync(`${this.path()}.new`, `${JSON.stringify(head)}\n`, { mode: 0o600 });
      renameSync(`${this.path()}.new`, this.path());
      this.seen = head;
    } catch (error) {
      this.logger.warn(
        { err: writeErrorOf(this.path(), error) },
        'the position of the log was not written beside the keys',
      );
    }
  }

  private path(): string {
    return join(this.settings.keysFolder, FILE);
  }
}
