import { setDeadline } from '#libs/async/deadline.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import { formatSource } from '#libs/mesh/flow-headers.js';
import type { NetworkView } from '#libs/policy/model.js';
import type { DialOutside, FlowEngineSettings, FlowRecord } from '../data-plane.js';
import { createDial, type Dial, TargetUnreachableError } from './dial.js';
import { Flow, type FlowFacts } from './flow.js';
import type { FlowCode } from './flow-code.js';
import type { SocketEnd } from './flow-end.js';
import { FlowTable } from './flow-table.js';
import { type Decision, judge, type OutsideTarget, type SandboxTarget } from './judge.js';
import { VersionWaits } from './version-waits.js';
import { WastedFlows } from './wasted-flows.js';

/** This host does not carry the flow. */
export class FlowRefusedHereError extends CodedError {
  constructor(override readonly code: FlowCode) {
    super(code, `refused on this host: ${code}`);
  }
}

/** What opening a flow needs, whichever side it is opened from: the table, the views and the one way to decide. */
export class FlowContext {
  readonly views = new Map<NetworkId, NetworkView>();
  readonly table = new FlowTable();
  readonly trials = new Set<Flow>();
  readonly waits = new VersionWaits();
  readonly wasted: WastedFlows;
  readonly dial: Dial;

  constructor(
    readonly settings: FlowEngineSettings,
    readonly nowMs: () => number,
    dial: Dial | null,
    monotonicMs: () => number,
  ) {
    this.wasted = new WastedFlows(monotonicMs);
    this.dial = dial ?? createDial(settings.forbiddenTargets, settings.dialSources);
  }

  view(networkId: NetworkId): NetworkView | null {
    return this.views.get(networkId) ?? null;
  }

  version(networkId: NetworkId): number | null {
    return this.views.get(networkId)?.version ?? null;
  }

  /** The first thing that happens to a flow: from now on `apply` sees it. */
  register(facts: Omit<FlowFacts, 'openedAtMs'>): Flow {
    const flow = new Flow(
      { ...facts, openedAtMs: this.nowMs() },
      this.settings.limits.deliveryTimeoutMs,
      (settled, outcome, code) => {
        if (outcome !== 'opened') {
          this.table.remove(settled);
          this.noteWaste(settled);
        }
        this.record(settled, outcome, code);
      },
    );
    this.table.add(flow);
    return flow;
  }

  /**
   * A flow that only asks what would become of one: it is judged as any other, but it is no flow of this host. It is in
   * no table, count or record, and `apply` cuts nothing of it. `ended` hears of its end.
   */
  trial(facts: Omit<FlowFacts, 'openedAtMs'>, ended: (code: string) => void): Flow {
    const flow = new Flow(
      { ...facts, openedAtMs: this.nowMs() },
      this.settings.limits.deliveryTimeoutMs,
      (settled, _outcome, code) => {
        this.trials.delete(settled);
        ended(code);
      },
    );
    this.trials.add(flow);
    return flow;
  }

  /** Too many flows for this source, or for the host, with this one. */
  isOverLimit(flow: Flow): boolean {
    const { limits } = this.settings;
    const more = this.trials.has(flow) ? 1 : 0;
    return this.table.ofSource(flow) + more > limits.flowsPerSource || this.table.size + more > limits.flows;
  }

  /** The decision of judge; throws FlowRefusedHereError unless it allows the flow. */
  requireAllowed(flow: Flow): Extract<Decision, { readonly allowed: true }> {
    const decision = this.judge(flow);
    if (decision.allowed) return decision;
    throw new FlowRefusedHereError(decision.code);
  }

  /** Of developers' machines only those are heard that have joined the network and are still in it. */
  admits({ facts: { networkId, source, peer } }: Flow): boolean {
    return peer?.kind !== 'local' || source?.kind !== 'local' || this.settings.admitsLocal(networkId, source);
  }

  /** Decides from the view held now, and keeps the verdict with the flow. */
  judge(flow: Flow): Decision {
    const { networkId, source, alias, port, peer } = flow.facts;
    if (source === null) return { allowed: false, code: 'NOT_ATTACHED', verdict: null };
    const decision = judge(
      this.view(networkId),
      {
        ...{ source, to: alias, port },
        from: peer === null ? { kind: 'proxy' } : { kind: 'peer', peer },
        target: flow.target,
      },
      this.settings.agentId,
      this.nowMs(),
    );
    flow.verdict = decision.verdict;
    if (!this.admits(flow)) return { allowed: false, code: 'LOCAL_NODE_NOT_ADMITTED', verdict: decision.verdict };
    if (decision.allowed && !this.settings.isFresh(networkId)) {
      return { allowed: false, code: 'STALE', verdict: decision.verdict };
    }
    return decision;
  }

  /**
   * Asks for a version that the other end has, and holds the flow until it is here, or no longer than allowed. False:
   * it did not come, or the flow is done.
   */
  async catchUp(flow: Flow, version: number): Promise<boolean> {
    const { networkId } = flow.facts;
    if ((this.version(networkId) ?? -1) >= version) return true;
    flow.heldForVersion = version;
    this.settings.requestSync(networkId, version);
    const reached = await this.waits.wait(networkId, version, this.settings.limits.syncHoldMs, flow.signal);
    flow.heldForVersion = null;
    return reached && !flow.isDone();
  }

  /** Where a sandbox of this host is dialled, by what its driver says now. Error: TargetUnreachableError. */
  addressOf(sandboxId: SandboxId): string {
    const { sandboxes } = this.settings;
    const address = sandboxes.addressOf(sandboxId);
    if (address === null) throw new TargetUnreachableError('TARGET_NOT_HERE', `${sandboxId} is not on this host`);
    if (sandboxes.isPaused(sandboxId)) throw new TargetUnreachableError('TARGET_PAUSED', `${sandboxId} is paused`);
    return address;
  }

  /** Connects to a sandbox of this host. Error: TargetUnreachableError. */
  async dialSandbox(flow: Flow, target: SandboxTarget): Promise<SocketEnd> {
    const end = await this.dial(this.addressOf(target.sandboxId), target.port, flow.signal);
    flow.own(end, 'TARGET_RESET');
    return end;
  }

  /** Connects to a name outside. Error: TargetUnreachableError. */
  async dialOutside(flow: Flow, target: OutsideTarget): Promise<SocketEnd> {
    const { source } = flow.facts;
    const askedBy = source === null ? '' : formatSource(source);
    const end = await this.requireDialOutside()(target, flow.signal, askedBy);
    flow.own(end, 'TARGET_RESET');
    return end;
  }

  /** What dials names outside here. Error: TargetUnreachableError. */
  requireDialOutside(): DialOutside {
    const { dialOutside } = this.settings;
    if (dialOutside === null)
      throw new TargetUnreachableError(
        'EGRESS_OFF',
        'this host reaches no outside names (GLOBALSTACKS_AGENT_EGRESS is none)',
      );
    return dialOutside;
  }

  /** Gives `work` the time a connection may take; afterwards the flow is refused. */
  async withinConnectTimeout<T>(flow: Flow, work: Promise<T>): Promise<T> {
    const { connectTimeoutMs } = this.settings.limits;
    const cancel = setDeadline(connectTimeoutMs, () => flow.finish('refused', 'CONNECT_TIMEOUT'));
    try {
      return await work;
    } finally {
      cancel();
    }
  }

  /** A peer's streams have a budget of their own (StreamBudgets). */
  private noteWaste({ facts: { source, peer }, bytesToTarget, bytesToSource }: Flow): void {
    if (peer === null && source !== null && bytesToTarget + bytesToSource === 0) this.wasted.add(source);
  }

  /** A connection of which no flow was made, as refused. */
  recordWithoutFlow(facts: Omit<FlowFacts, 'openedAtMs' | 'peer'>, code: FlowCode): void {
    const openedAt = new Date(this.nowMs()).toISOString();
    const nothing = { bytesToTarget: 0, bytesToSource: 0, verdict: null };
    this.settings.record({
      ...facts,
      ...nothing,
      openedAt,
      role: 'source',
      state: 'opening',
      outcome: 'refused',
      code,
    });
  }

  private record(flow: Flow, outcome: FlowRecord['outcome'], code: string): void {
    for (const summary of flow.summaries()) {
      this.settings.record({ ...summary, outcome, code, verdict: flow.verdict });
    }
  }
}
