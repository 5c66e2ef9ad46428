import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Revocations } from '#libs/bus/authority.js';
import type { Bus } from '#libs/bus/bus.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type FloodingMember, MemberIntake } from '../foundation/member-intake.js';
import { BUS, CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';

/** The member flooded the bus and gets no credentials for a while. */
export class MemberSuspendedError extends CodedError {
  constructor(nkeyHolder: string, until: Date) {
    super(
      'MEMBER_SUSPENDED',
      `${nkeyHolder} sent far more messages than allowed and is disconnected from the bus until ${until.toISOString()}`,
      'find out which program uses its key there: a GlobalStacks agent stays within ' +
        'GLOBALSTACKS_MEMBER_MESSAGES_PER_SECOND',
    );
  }
}

interface Suspension {
  readonly member: string;
  readonly until: Date;
  readonly seconds: number;
  /** When the bus had cut the member off, by performance.now(); null: not yet. */
  cutAtMs: number | null;
  backlogLeft: boolean;
}

/**
 * What a member had sent before it was cut off is normally handled in less time than this; if not, it delays others.
 */
const BACKLOG_MS = 250;
const FIRST_SECONDS = 30;
const LONGEST_SECONDS = 600;
/**
 * After being quiet for this long, a member's next suspension has the first length again. No credentials live longer.
 */
const REMEMBERED_MS = 86_400_000;

/**
 * Keeps members that flood the bus off it, because even dropping their messages costs reading them. Their credentials
 * are void until the suspension ends, and no new ones are issued; each further suspension is twice as long. Kept in
 * memory only: after a restart, a member that goes on is suspended again at once.
 */
@Injectable()
export class Suspensions {
  /** By public NATS user key. */
  private readonly suspended = new Map<string, Suspension>();
  private readonly listeners: ((member: FloodingMember, error: MemberSuspendedError) => void)[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly intake: MemberIntake,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.intake.onFlood((member) => this.suspend(member));
  }

  /** Calls the listener at each suspension, once it is in force. */
  onSuspended(listener: (member: FloodingMember, error: MemberSuspendedError) => void): void {
    this.listeners.push(listener);
  }

  /** Error: MemberSuspendedError. */
  requireNone(nkey: string): void {
    const found = this.suspended.get(nkey);
    if (found !== undefined && found.until > this.clock()) throw new MemberSuspendedError(found.member, found.until);
  }

  /** What the bus must refuse: everything issued to a suspended key before its suspension ends. */
  voidKeys(): Revocations {
    return Object.fromEntries(
      [...this.suspended].map(([nkey, { until }]) => [nkey, Math.floor(until.getTime() / 1_000)]),
    );
  }

  /** The bus has cut off every holder of these keys. */
  cutOff(voidKeys: Revocations): void {
    for (const [nkey, suspension] of this.suspended) {
      if (Object.hasOwn(voidKeys, nkey)) suspension.cutAtMs ??= performance.now();
    }
  }

  private suspend(flooding: FloodingMember): void {
    const nkey = this.nkeyOf(flooding);
    if (nkey === null) return;
    const now = this.clock();
    for (const [key, { until }] of this.suspended) {
      if (now.getTime() - until.getTime() > REMEMBERED_MS) this.suspended.delete(key);
    }
    const before = this.suspended.get(nkey);
    if (before !== undefined && before.until > now) {
      this.leaveBacklog(before);
      return;
    }
    const seconds = before === undefined ? FIRST_SECONDS : Math.min(before.seconds * 2, LONGEST_SECONDS);
    const until = new Date(Math.ceil(now.getTime() / 1_000 + seconds) * 1_000);
    const { name: member } = flooding;
    this.suspended.set(nkey, { member, until, seconds, cutAtMs: null, backlogLeft: false });
    const error = new MemberSuspendedError(member, until);
    this.logger.error(
      { member, until: until.toISOString(), code: error.code },
      `${member} floods the bus and is disconnected from it for a while`,
    );
    for (const listener of this.listeners) listener(flooding, error);
  }

  /**
   * If too much of what the member sent before the cut is still arriving, a new connection to the bus is made, which
   * starts without that backlog. Others repeat their requests.
   */
  private leaveBacklog(suspension: Suspension): void {
    const { member, cutAtMs, backlogLeft } = suspension;
    if (backlogLeft || cutAtMs === null || performance.now() - cutAtMs < BACKLOG_MS) return;
    suspension.backlogLeft = true;
    this.logger.warn({ member }, 'reconnected to the bus to drop the backlog of a suspended member');
    void this.bus.reconnect();
  }

  private nkeyOf(member: FloodingMember): string | null {
    const state =
      member.kind === 'agent' ? this.directory.agent(member.id)?.state : this.directory.localNode(member.id)?.state;
    return state?.nkey ?? null;
  }
}
