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
/** How often allowances of quiet members are dropped. */
const FORGET_EVERY_MS = 60_000;

/** A member as its subjects name it. */
export type FloodingMember = { readonly name: string } & (
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'local-node'; readonly id: LocalNodeId }
);

type Sent = FloodingMember & { readonly message: FromAgent };

/** What exceeded a member's bounds: messages of one kind, or the networks or sandboxes that its messages name. */
export type OverBound = FromAgent | 'networks' | 'sandboxes';

/**
 * Limits what each member asks of the control plane. A message over the bounds is dropped before it is decoded and
 * counted; once a minute the number is logged.
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
      'Messages, networks and sandboxes that were dropped because an agent or local node exceeded its bounds',
      ['member', 'kind'],
    );
    this.log = new Occurrences({
      toldEach: 0,
      periodMs: SUMMARY_EVERY_MS,
      summarise: (name, count) => {
        const [member = '', kind = ''] = name.split(SEPARATOR);
        logger.warn(
          { member, kind, count, code: 'MEMBER_OVER_BOUNDS' },
          `${member} exceeded its bounds: what is above them is dropped`,
        );
      },
    });
  }

  /** Calls the listener when a member sends so much that even dropping its messages slows others. */
  onFlood(listener: (member: FloodingMember) => void): void {
    this.listeners.push(listener);
  }

  /** Whether to take this message of a member; false: it was counted. */
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

  /** Messages of a member that is over its bounds are delayed, so that others do not wait for them. */
  isHeldBack(subject: string): boolean {
    const allowance = this.allowances.get(senderOf(subject)?.name ?? '');
    const nowMs = performance.now();
    return allowance?.isOver(nowMs) === true && !allowance.isFlooding(nowMs);
  }

  /** Messages that were taken before their member was found to flood, and still wait, are dropped. */
  isStillWanted(subject: string): boolean {
    return !this.isFlooding(senderOf(subject)?.name ?? '');
  }

  /** `member`: its name in logs. */
  isFlooding(member: string): boolean {
    return this.allowances.get(member)?.isFlooding(performance.now()) === true;
  }

  /** A local node has one network, and so has no more to acknowledge. */
  private boundsOf({ kind }: Sent): MemberBounds {
    const { memberBounds } = this.settings;
    return kind === 'agent' ? memberBounds : { ...memberBounds, networks: 1 };
  }

  /** Counts other things of a member that exceeded its bounds. `member`: its name in logs. */
  count(member: string, kind: OverBound, count = 1): void {
    this.dropped.inc({ member, kind }, count);
    this.log.add(`${member}${SEPARATOR}${kind}`, count);
  }

  /** Logs the counts that were not logged yet. */
  close(): void {
    this.log.end();
  }

  private forgetQuiet(nowMs: number): void {
    if (nowMs - this.forgottenAtMs < FORGET_EVERY_MS) return;
    this.forgottenAtMs = nowMs;
    for (const [member, allowance] of this.allowances) if (allowance.isFull(nowMs)) this.allowances.delete(member);
  }
}

/** Occurs in no member's name. */
const SEPARATOR = '\n';

/** null: members do not send on this subject. The server lets each member publish under its own id only. */
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
