import type { Socket } from 'node:net';
import { FairQueues, type Turn } from '#libs/async/fair-queues.js';
import type { FlowId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { IncomingFlow, IncomingProbe } from '#libs/mesh/flow.js';
import type { Concerned } from '#libs/policy/concerned.js';
import type { NetworkView } from '#libs/policy/model.js';
import type {
  FlowCutAtEnd,
  FlowEngine,
  FlowEngineSettings,
  FlowSummary,
  OutsideDialTarget,
  OutsideRoute,
  ProbeOutcome,
  ProbeQuestion,
  Route,
  TargetFailure,
} from '../data-plane.js';
import { type Dial, TargetUnreachableError } from './dial.js';
import { EndedRules } from './ended-rules.js';
import type { Flow } from './flow.js';
import { FlowContext } from './flow-context.js';
import type { SocketEnd } from './flow-end.js';
import {
  acceptClient,
  acceptOutside,
  closeResetClient,
  isResetAlready,
  refuseClient,
  sourceOf,
} from './from-client.js';
import { acceptPeer, answerProbe } from './from-peer.js';
import { probe } from './probe.js';
import { SilentEnds } from './silent-ends.js';

/** Idle flows are looked for this many times in the time they may be idle, within these bounds. */
const WATCHES_PER_IDLE_TIME = 4;
const SHORTEST_WATCH_MS = 50;
const LONGEST_WATCH_MS = 10_000;

/** Who asks for a name's addresses when no source does. */
const TRIAL = 'trial';

export interface FlowEngineSeams {
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Of a clock that never goes back. */
  readonly monotonicMs?: () => number;
  readonly dial?: Dial;
  readonly turns?: FairQueues;
}

/**
 * The traffic of one host. The engine owns every socket and mesh stream it is handed from that moment on, and three
 * timers; `close` ends them. `seams` stand in for the clocks, for connecting and for taking turns, in tests.
 */
export function createFlowEngine(settings: FlowEngineSettings, seams: FlowEngineSeams = {}): FlowEngine {
  return new Engine(settings, seams);
}

class Engine implements FlowEngine {
  private readonly context: FlowContext;
  private readonly watch: NodeJS.Timeout;
  private readonly silentEnds: SilentEnds;
  private readonly endedRules: EndedRules;
  /** In which the clients of one source wait for those of the others. */
  private readonly turns: FairQueues;
  private closed = false;

  constructor(settings: FlowEngineSettings, seams: FlowEngineSeams) {
    const { nowMs = Date.now, monotonicMs = () => performance.now(), dial, turns } = seams;
    this.context = new FlowContext(settings, nowMs, dial ?? null, monotonicMs);
    this.turns = turns ?? new FairQueues(settings.limits.flowsPerSource);
    const everyMs = settings.limits.idleTimeoutMs / WATCHES_PER_IDLE_TIME;
    this.watch = setInterval(
      () => this.endIdleAndStale(),
      Math.min(Math.max(everyMs, SHORTEST_WATCH_MS), LONGEST_WATCH_MS),
    );
    this.watch.unref();
    this.endedRules = new EndedRules(this.context);
    this.silentEnds = new SilentEnds(() => this.context.table.all());
  }

  apply(networkId: NetworkId, view: NetworkView | null, concerned: Concerned | null = null): readonly FlowId[] {
    // What the time ended is not taken for what this version denies.
    const lookedAtMs = this.endedRules.look(networkId);
    if (view === null) this.context.views.delete(networkId);
    else this.context.views.set(networkId, view);

    const cut: FlowId[] = [...this.endedRules.follow(networkId, view, lookedAtMs)];
    for (const flow of this.context.table.ofNetwork(networkId)) {
      if (concerned !== null && !isConcerned(flow, concerned)) continue;
      if (flow.isHeldBeyond(view?.version ?? null)) continue;
      const decision = this.context.judge(flow);
      if (decision.allowed) continue;
      if (flow.state === 'open') cut.push(flow.facts.flowId);
      flow.finish('cut', decision.code);
    }
    if (view !== null) this.context.waits.reached(networkId, view.version);
    return cut;
  }

  cutAtEnd(networkId: NetworkId): readonly FlowCutAtEnd[] {
    return this.endedRules.untold(networkId);
  }

  restoreCutAtEnd(networkId: NetworkId, cuts: readonly FlowCutAtEnd[]): void {
    this.endedRules.add(networkId, cuts);
  }

  view(networkId: NetworkId): NetworkView | null {
    return this.context.view(networkId);
  }

  views(): readonly NetworkView[] {
    return [...this.context.views.values()];
  }

  acceptClient(socket: Socket, route: Route): void {
    // What the user of this machine sent before the reset is still delivered: nobody has to be told apart.
    if (this.context.settings.localSource === null && isResetAlready(socket)) {
      closeResetClient(this.context, socket, route);
      return;
    }
    const isTaken = this.turns.add(this.turnOf(socket), async () => {
      if (this.closed) socket.resetAndDestroy();
      else acceptClient(this.context, socket, route);
    });
    if (!isTaken) refuseClient(this.context, socket, route, 'FLOW_LIMIT');
  }

  acceptOutside(socket: Socket, route: OutsideRoute): void {
    if (isResetAlready(socket)) {
      socket.destroy();
      return;
    }
    const isTaken = this.turns.add(this.turnOf(socket), async () => {
      if (this.closed) socket.resetAndDestroy();
      else acceptOutside(this.context, socket, route);
    });
    if (!isTaken) socket.resetAndDestroy();
  }

  acceptPeer(flow: IncomingFlow): void {
    if (this.closed) flow.refuse('SHUTTING_DOWN', 'the agent is shutting down', null);
    else acceptPeer(this.context, flow);
  }

  acceptProbe(asked: IncomingProbe): void {
    if (this.closed) asked.refuse('SHUTTING_DOWN', 'the agent is shutting down', null);
    else void answerProbe(this.context, asked);
  }

  probe(question: ProbeQuestion, signal: AbortSignal): Promise<ProbeOutcome> {
    return probe(this.context, question, signal);
  }

  async dialTarget(sandboxId: SandboxId, port: number, signal: AbortSignal): Promise<TargetFailure | null> {
    return failureOf(async () => this.context.dial(this.context.addressOf(sandboxId), port, signal));
  }

  async tryOutside(target: OutsideDialTarget, signal: AbortSignal): Promise<TargetFailure | null> {
    const { dialOutside } = this.context.settings;
    if (dialOutside === null)
      return {
        code: 'EGRESS_OFF',
        message: 'this host reaches no outside names (GLOBALSTACKS_AGENT_EGRESS is none)',
        remedy: null,
      };
    return failureOf(() => dialOutside(target, signal, TRIAL));
  }

  sandboxGone(sandboxId: SandboxId): void {
    for (const flow of this.context.table.all()) {
      if (isEndHere(flow, sandboxId)) flow.finish('reset', 'SANDBOX_GONE');
    }
  }

  localNodesChanged(): readonly FlowId[] {
    const cut: FlowId[] = [];
    for (const flow of this.context.table.all()) {
      if (flow.facts.peer?.kind !== 'local' || flow.heldForVersion !== null || this.context.admits(flow)) continue;
      if (flow.state === 'open') cut.push(flow.facts.flowId);
      flow.finish('cut', 'LOCAL_NODE_NOT_ADMITTED');
    }
    return cut;
  }

  flows(): readonly FlowSummary[] {
    return this.context.table.summaries();
  }

  resetAll(): void {
    for (const flow of this.context.table.all()) flow.finish('reset', 'SHUTTING_DOWN');
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.watch);
    this.endedRules.close();
    this.silentEnds.close();
    this.resetAll();
    for (const trial of [...this.context.trials]) trial.finish('refused', 'SHUTTING_DOWN');
  }

  private turnOf(socket: Socket): Turn {
    const address = socket.remoteAddress ?? '';
    const source = sourceOf(this.context, socket);
    const isHeldBack = (): boolean => source !== null && this.context.wasted.isOver(source);
    return { sender: address, subject: address, atOnce: Number.POSITIVE_INFINITY, isHeldBack };
  }

  private endIdleAndStale(): void {
    const { settings, nowMs } = this.context;
    const now = nowMs();
    for (const flow of this.context.table.all()) {
      if (flow.state !== 'open') continue;
      const bytes = flow.bytesToSource + flow.bytesToTarget;
      if (!settings.isFresh(flow.facts.networkId)) {
        flow.finish('cut', 'STALE');
      } else if (bytes !== flow.seenBytes) {
        flow.seenBytes = bytes;
        flow.seenAtMs = now;
      } else if (now - flow.seenAtMs >= settings.limits.idleTimeoutMs) {
        flow.finish('reset', 'IDLE_TIMEOUT');
      }
    }
  }
}

function isConcerned({ facts: { alias, source } }: Flow, { names, sandboxes }: Concerned): boolean {
  return names.has(alias) || (source?.kind === 'sandbox' && sandboxes.has(source.sandboxId));
}

/** Whether the sandbox is an end of the flow at this host, and not one that a peer vouches for. */
function isEndHere(flow: Flow, sandboxId: SandboxId): boolean {
  const { source, peer } = flow.facts;
  if (peer === null && source?.kind === 'sandbox' && source.sandboxId === sandboxId) return true;
  return flow.roles.includes('target') && flow.target?.kind === 'sandbox' && flow.target.sandboxId === sandboxId;
}

/** Dials, and closes the connection; null: it was taken. */
async function failureOf(dial: () => Promise<SocketEnd>): Promise<TargetFailure | null> {
  try {
    (await dial()).stream.destroy();
    return null;
  } catch (error) {
    if (!(error instanceof TargetUnreachableError)) throw error;
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
}
