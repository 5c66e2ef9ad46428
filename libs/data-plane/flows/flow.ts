import type { Socket } from 'node:net';
import type { FlowId, NetworkId } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import type { FlowSource, Verdict } from '#libs/policy/model.js';
import type { FlowRecord, FlowSummary } from '../data-plane.js';
import type { FlowCode } from './flow-code.js';
import type { EndWatch, FlowEnd, SocketEnd } from './flow-end.js';
import { type FlowTarget, sourceKey } from './judge.js';
import { pump } from './relay.js';
import { resetSocket } from './reset-socket.js';

export interface FlowFacts {
  readonly flowId: FlowId;
  readonly networkId: NetworkId;
  readonly alias: DestinationName;
  readonly port: number;
  readonly source: FlowSource | null;
  /** null: it came from a client of this host's proxy. */
  readonly peer: MeshIdentity | null;
  readonly openedAtMs: number;
}

/** How a flow ended: `refused` before a byte passed, the others after. */
export type FlowOutcome = Exclude<FlowRecord['outcome'], 'opened'>;

/**
 * One shared reason, because aborting without one makes an exception with a stack for each flow, which costs more than
 * the rest of its end.
 */
const DONE = new Error('the flow is done');

/** One connection on this host: `opening` until both ends may pass bytes, and `done` exactly once. */
export class Flow {
  state: 'opening' | 'open' | 'done' = 'opening';
  /** Both roles if source and target are sandboxes of this host. */
  roles: readonly FlowSummary['role'][];
  target: FlowTarget | null = null;
  verdict: Verdict | null = null;
  /** The version that this end waits for before it decides; null: none. */
  heldForVersion: number | null = null;
  bytesToTarget = 0;
  bytesToSource = 0;
  /** Used by the idle check: the bytes it saw last, and since when. */
  seenBytes = 0;
  seenAtMs: number;
  /** Two flows are of the same source exactly when these are equal. */
  readonly sourceKey: string;
  private readonly openedAt: string;
  private readonly ends: FlowEnd[] = [];
  private held: Socket | null = null;
  private readonly opening = new AbortController();
  private readonly settled: (flow: Flow, outcome: FlowRecord['outcome'], code: string) => void;
  private refuse: ((code: string) => void) | null = null;
  private endsOpen = 0;
  /** One end was reset, and the other still receives what came before. */
  private delivering: { readonly from: FlowEnd; readonly code: FlowCode; readonly deadline: NodeJS.Timeout } | null =
    null;

  constructor(
    readonly facts: FlowFacts,
    private readonly deliveryTimeoutMs: number,
    settled: (flow: Flow, outcome: FlowRecord['outcome'], code: string) => void,
  ) {
    this.roles = [facts.peer === null ? 'source' : 'target'];
    this.seenAtMs = facts.openedAtMs;
    this.sourceKey = facts.source === null ? '' : sourceKey(facts.source);
    this.openedAt = new Date(facts.openedAtMs).toISOString();
    this.settled = settled;
  }

  /** Aborted when the flow is done, which stops whatever is still being opened for it. */
  get signal(): AbortSignal {
    return this.opening.signal;
  }

  isDone(): boolean {
    return this.state === 'done';
  }

  /** Whether it is held until this host has a version later than this one, by which it will be decided. */
  isHeldBeyond(version: number | null): boolean {
    return this.state === 'opening' && this.heldForVersion !== null && (version ?? -1) < this.heldForVersion;
  }

  /**
   * Keeps the client's connection while the flow is opening: it is reset when the flow is done, and nothing is read
   * from it. A connection that may be refused needs no buffer yet.
   */
  hold(socket: Socket): void {
    this.held = socket;
  }

  /** The held connection belongs to another owner from now on. */
  release(): void {
    this.held = null;
  }

  /** The flow owns the end from now on: it resets the end when done, and is done when the end breaks. */
  own(end: FlowEnd, brokenCode: FlowCode): void {
    if (this.isDone()) {
      end.reset(brokenCode);
      return;
    }
    this.ends.push(end);
    this.endsOpen += 1;
    const watch: EndWatch = {
      ended: () => {
        this.endsOpen -= 1;
        if (this.endsOpen === 0) this.finish('ended', 'ENDED');
      },
      resetNoticed: () => this.deliverFrom(end, brokenCode),
      resetByPeer: () => this.passResetOn(end, brokenCode),
      failed: () => this.broken(brokenCode),
    };
    end.watch = watch;
  }

  /** Its TCP connections on this host. */
  socketEnds(): readonly SocketEnd[] {
    return this.ends.filter((end) => end.kind === 'socket');
  }

  /** Sets the function that refuses the peer, used until the flow is open. */
  refuseWith(refuse: (code: string) => void): void {
    this.refuse = refuse;
  }

  /** The peer was answered: from now on its stream is reset instead of refused. */
  answered(): void {
    this.refuse = null;
  }

  /** Both ends are allowed: passes their bytes. */
  open(source: FlowEnd, target: FlowEnd): void {
    this.state = 'open';
    this.settled(this, 'opened', 'ALLOWED');
    pump(source, target, (bytes) => {
      this.bytesToTarget += bytes;
    });
    pump(target, source, (bytes) => {
      this.bytesToSource += bytes;
    });
  }

  /**
   * Ends the flow, whatever the reason. When this returns, no byte of it passes any more, and unless it ends cleanly,
   * its connections on this host are reset.
   */
  finish(outcome: FlowOutcome, code: string): void {
    if (this.state === 'done') return;
    clearTimeout(this.delivering?.deadline);
    const settledFrom = this.state;
    this.state = 'done';
    if (code !== 'ENDED') {
      for (const end of this.ends) end.reset(code);
      if (this.held !== null) resetSocket(this.held);
      this.refuse?.(code);
    }
    // Once it is open, nothing listens to the signal any more.
    if (settledFrom === 'opening') this.opening.abort(DONE);
    this.settled(this, settledFrom === 'opening' ? 'refused' : outcome, code);
  }

  /** Delivers to the other end what this one had sent, for a limited time, since the reader may have stopped. */
  private deliverFrom(from: FlowEnd, code: FlowCode): void {
    if (this.state !== 'open' || this.delivering !== null) return;
    const deadline = setTimeout(() => this.broken(code), this.deliveryTimeoutMs);
    this.delivering = { from, code, deadline };
  }

  /**
   * Resets the end after everything that came before. Until then the flow is open, so a revocation drops what is left.
   */
  private passResetOn(end: FlowEnd, code: FlowCode): void {
    this.deliverFrom(end, code);
    const other = this.ends.find((each) => each !== end && !each.stream.destroyed);
    if (this.delivering?.from === end && other !== undefined) other.resetAfterDelivery(code);
    else this.broken(code);
  }

  private broken(code: FlowCode): void {
    this.finish(this.state === 'open' ? 'reset' : 'refused', this.delivering?.code ?? code);
  }

  summaries(): readonly FlowSummary[] {
    const { flowId, networkId, alias, port, source } = this.facts;
    const { bytesToTarget, bytesToSource, openedAt } = this;
    const state = this.state === 'opening' ? 'opening' : 'open';
    return this.roles.map((role) => ({
      ...{ flowId, role, networkId, alias, port, source, state, bytesToTarget, bytesToSource, openedAt },
    }));
  }
}
