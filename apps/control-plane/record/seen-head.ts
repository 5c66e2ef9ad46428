import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { LogAnchor } from '#libs/audit/chain-walk.js';
import { GENESIS_HASH } from '#libs/audit/hash-chain.js';
import { isSignedBy, parsePublicKey, parseSignedHead, type SignedHead } from '#libs/audit/signed-head.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { integerBetween, parseObject } from '#libs/contracts/json-fields.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { writeForFolderOwner } from '#libs/program/folder-owner.js';
import { CLOCK, type Clock, EVENT_STORE, LOGGER, SETTINGS, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { DirectoryFeed } from './directory-feed.js';
import { StoreEpoch } from './store-epoch.js';

const FILE = 'store-head.json';
const WRITE_EVERY_MS = 5_000;
const number = integerBetween(0, Number.MAX_SAFE_INTEGER);

/** The signed head that is kept, and the event from which on heads were kept without a gap. */
interface KeptHead {
  readonly head: SignedHead;
  readonly since: number;
}

/** In what way the database does not go on from the head that was kept. */
export interface HeadDoubt {
  readonly code: 'DATABASE_OLDER_THAN_KEYS' | 'LOG_NOT_AS_SIGNED' | 'HEAD_NOT_SIGNED';
  readonly message: string;
}

/**
 * Where the log ended, signed and kept beside the keys (docs/adr/0085). A database that does not go on from there was
 * restored from an older copy, or somebody cut or rewrote its log: that is said at the start, before any agent is
 * heard, and nothing is signed until a new epoch begins. The head's age is known to five seconds.
 */
@Injectable()
export class SeenHead {
  private kept: KeptHead | null = null;
  private doubted: HeadDoubt | null = null;
  private writing: NodeJS.Timeout | null = null;

  constructor(
    private readonly feed: DirectoryFeed,
    private readonly epoch: StoreEpoch,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Until a new epoch begins. */
  get doubt(): HeadDoubt | null {
    return this.doubted;
  }

  /** null: no head is kept yet. */
  get keptHead(): KeptHead | null {
    return this.kept;
  }

  /** Events that were in the log: that of the kept head, and the last one that this process has read. */
  get anchors(): readonly LogAnchor[] {
    const { kept } = this;
    return kept === null || !this.isOurs(kept.head) ? [this.logEnd()] : [kept.head, this.logEnd()];
  }

  async start(): Promise<void> {
    this.kept = this.read();
    const end = this.logEnd();
    if (this.kept === null && end.position > 0) {
      this.logger.warn(
        { code: 'HEAD_MISSING', file: this.path(), position: end.position },
        'no signed head of the log was kept: if the log was truncated or rewritten before this start, that cannot ' +
          'be detected',
      );
    }
    this.doubted = this.kept === null ? null : await this.doubtOf(this.kept.head);
    if (this.doubted !== null) {
      const { code, message } = this.doubted;
      this.logger.error({ code, signed: this.kept?.head, found: end, remedy: 'gstacks audit verify' }, message);
    }
    this.epoch.onChange(() => {
      if (this.epochHead() !== null) this.begin();
      this.write();
    });
    this.write();
    this.writing = setInterval(() => this.write(), WRITE_EVERY_MS);
    this.writing.unref();
  }

  close(): void {
    if (this.writing !== null) clearInterval(this.writing);
    this.write();
  }

  /** Signs where the log ends, or an event of a log that was walked up to there. */
  signed(epoch: Epoch = this.epoch.current, end: LogAnchor = this.logEnd()): SignedHead {
    const { position, hash } = end;
    return this.signer.signHead({ epoch, position, hash, at: this.clock().toISOString() });
  }

  /** A key that is not in use any more has signed heads as well. */
  private isOurs(head: SignedHead): boolean {
    return this.signer.accepted.some((key) => isSignedBy(parsePublicKey(key, 'the keys folder'), head));
  }

  private logEnd(): LogAnchor {
    const { position, hash } = this.feed.logEnd;
    return { position, hash: hash ?? GENESIS_HASH };
  }

  private async doubtOf(head: SignedHead): Promise<HeadDoubt | null> {
    if (!this.isOurs(head)) {
      return { code: 'HEAD_NOT_SIGNED', message: `the head in ${this.path()} is not signed with this store's key` };
    }
    const { counter } = this.epoch.current;
    const begun = this.epochHead();
    if (begun !== null && counter > head.epoch.counter && (await this.has(begun))) return null;
    if (head.epoch.counter > counter || head.position > this.logEnd().position) {
      const message =
        `the database ends before event ${head.position} of epoch ${head.epoch.counter}: it was restored from an ` +
        'older copy, or its log was truncated';
      return { code: 'DATABASE_OLDER_THAN_KEYS', message };
    }
    if (await this.has(head)) return null;
    const message =
      `event ${head.position} is not the one that was signed: the log was restored from an older copy and continued, ` +
      'or rewritten';
    return { code: 'LOG_NOT_AS_SIGNED', message };
  }

  /** The head that the present epoch began with, if a control plane with this key signed it; else null. */
  private epochHead(): SignedHead | null {
    const { current, begunWith } = this.epoch;
    if (begunWith === null) return null;
    try {
      const head = parseSignedHead(JSON.parse(begunWith), 'signed_head');
      const isOfEpoch = head.epoch.counter === current.counter && head.epoch.id === current.id;
      return isOfEpoch && this.isOurs(head) ? head : null;
    } catch {
      // Whoever can write to the database wrote something else there.
      return null;
    }
  }

  private async has({ position, hash }: LogAnchor): Promise<boolean> {
    if (position === 0) return hash === GENESIS_HASH;
    const [event] = await this.store.readAll(position - 1, 1);
    return event?.position === position && event.hash === hash;
  }

  /** An operator accepted the log as it is. */
  private begin(): void {
    if (this.doubted !== null) this.kept = null;
    this.doubted = null;
  }

  private read(): KeptHead | null {
    try {
      const { head, since } = parseObject(JSON.parse(readFileSync(this.path(), 'utf8')), FILE);
      return { head: parseSignedHead(head, 'head'), since: number(since, 'since') };
    } catch {
      // The first start, or an unreadable file: nothing is known.
      return null;
    }
  }

  private write(): void {
    const { kept } = this;
    const { position } = this.feed.logEnd;
    const { counter } = this.epoch.current;
    if (this.doubted !== null) return;
    if (position === kept?.head.position && counter === kept.head.epoch.counter) return;
    const next = { head: this.signed(), since: kept?.since ?? position };
    try {
      writeForFolderOwner(`${this.path()}.new`, `${JSON.stringify(next)}\n`);
      renameSync(`${this.path()}.new`, this.path());
      this.kept = next;
    } catch (error) {
      this.logger.warn(
        { err: writeErrorOf(this.path(), error) },
        'the signed head of the log could not be written to the keys folder; trying again',
      );
    }
  }

  private path(): string {
    return join(this.settings.keysFolder, FILE);
  }
}
