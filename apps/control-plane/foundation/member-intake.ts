import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { Occurrences } from '#libs/async/occurrences.js';
import type { BusIntake } from '#libs/bus/bus.js';
import {
  AGENT_SUBJECT_PREFIX,
  agentOfSubject,
  FROM_AGENT,
  type FromAgent,
  localNodeOfSubject,
} from '#libs/contracts/bus/subjects.js';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import { MemberAllowance, type MemberBounds } from './member-bounds.js';
import { Metrics } from './metrics.js';
import { LOGGER, SETTINGS } from './provided.js';
import type { ControlPlaneSettings } from './settings.js';

const SUMMARY_EVERY_MS = 60_000;
/** Allowances of members that are quiet are forgotten this often. */
const FORGET_EVERY_MS = 60_000;

/** A member as its subjects name it. */
export type FloodingMember = { readonly name: string } & (
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'local-node'; readonly id: LocalNodeId }
);

type Sent = FloodingMember & { readonly message: FromAgent };

/** What of a member was over its bounds: messages of one kind, or networks or sandboxes that its messages name. */
export type OverBound = FromAgent | 'networks' | 'sandboxes';

/**
 * Bounds what each member asks of the control plane. A message over the bounds is dropped before anything of it is
 * read; it is counted, and once a minute the number of them is logged.
 */
@Injectable()
export class MemberIntake implements BusIntake {
  private readonly allowances = new Map<string, MemberAllowance>();
  private readonly dropped: Counter<'member' | 'kind'>;
  private readonly log: Occurrences;
  private readonly listeners: ((member: FloodingMember) => void)[] = [];
  private forgottenAtMs = performance.now();

  constructor(
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(LOGGER) logger: Logger,
    metrics: Metrics,
  ) {
    this.dropped = metrics.counter(
      'gs_member_over_bounds_total',
      'Messages of a member that were dropped, and networks and sandboxes that were not looked at, because the member is over its bounds',
      ['member', 'kind'],
    );
    this.log = new Occurrences({
      toldEach: 0,
      periodMs: SUMMARY_EVERY_MS,
      summarise: (name, count) => {
        const [member = '', kind = ''] = name.split(SEPARATOR);
        logger.warn({ member, kind, count, code: 'MEMBER_OVER_BOUNDS' }, `${member} is over its bounds`);
      },
    });
  }

  /** Called when dropping a member's messages is not enough: there are so many that dropping them holds others up. */
  onFlood(listener: (member: FloodingMember) => void): void {
    this.listeners.push(listener);
  }

  /** Whether the control plane takes this message of a member; false: it was counted. */
  admits(subject: string, bytes: number): boolean {
    const sent = senderOf(subject);
    if (sent === null) return true;
    const { name, message } = sent;
    const nowMs = performance.now();
    this.forgetQuiet(nowMs);
    let allowance = this.allowances.get(name);
    if (allowance === undefined) {
      allowance = new MemberAllowance(this.boundsOf(sent), nowMs);
      this.allowances.set(name, allowance);
    }
    if (allowance.take(message, bytes, nowMs)) return true;
    this.count(name, message);
    if (allowance.isFlooded(bytes, nowMs)) for (const listener of this.listeners) listener(sent);
    return false;
  }

  /** Of a member that is over its bounds each message waits, so that others do not wait for it. */
  isHeldBack(subject: string): boolean {
    const allowance = this.allowances.get(senderOf(subject)?.name ?? '');
    const nowMs = performance.now();
    return allowance?.isOver(nowMs) === true && !allowance.isFlooding(nowMs);
  }

  /** What was taken of a member before it was found to flood, and waits still, is dropped. */
  isStillWanted(subject: string): boolean {
    return !this.isFlooding(senderOf(subject)?.name ?? '');
  }

  /** `member`: as logs call it. */
  isFlooding(member: string): boolean {
    return this.allowances.get(member)?.isFlooding(performance.now()) === true;
  }

  /** A local node has joined one network, and has no more to acknowledge. */
  private boundsOf({ kind }: Sent): MemberBounds {
    const { memberBounds } = this.settings;
    return kind === 'agent' ? memberBounds : { ...memberBounds, networks: 1 };
  }

  /** Counts what else of a member is over its bounds. `member`: as logs call it. */
  count(member: string, kind: OverBound, count = 1): void {
    this.dropped.inc({ member, kind }, count);
    this.log.add(`${member}${SEPARATOR}${kind}`, count);
  }

  /** What was counted and not logged yet is logged now. */
  close(): void {
    this.log.end();
  }

  private forgetQuiet(nowMs: number): void {
    if (nowMs - this.forgottenAtMs < FORGET_EVERY_MS) return;
    this.forgottenAtMs = nowMs;
    for (const [member, allowance] of this.allowances) if (allowance.isFull(nowMs)) this.allowances.delete(member);
  }
}

/** In no member's name. */
const SEPARATOR = '\n';

/** null: the subject is none that members send on. The server lets a member send under its own id alone. */
function senderOf(subject: string): Sent | null {
  const message = FROM_AGENT.find((one) => subject.endsWith(`.${one}`));
  if (message === undefined) return null;
  if (subject.startsWith(`${AGENT_SUBJECT_PREFIX}.`)) {
    const id = agentOfSubject(subject) as AgentId;
    return { kind: 'agent', id, name: `agent ${id}`, message };
  }
  const id = localNodeOfSubject(subject) as LocalNodeId;
  return { kind: 'local-node', id, name: `local node ${id}`, message };
}
