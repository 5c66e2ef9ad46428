import { WokenWork } from '#libs/async/woken-work.js';
import type { AliasFailure, AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { FlowId, NetworkId } from '#libs/contracts/ids.js';
import type { FlowCutAtEnd, FlowEngine } from '#libs/data-plane/data-plane.js';
import { type HeldNetwork, sameEpoch, versionOf } from '#libs/data-plane/topology/held-network.js';
import type { Acknowledgements } from '#libs/member/acknowledgements.js';
import { appliedMessage, notAppliedMessage } from '#libs/member/applied-message.js';
import type { HeldNetworks } from '#libs/member/held-networks.js';
import { concernedBy } from '#libs/policy/concerned.js';
import type { SnapshotDelta } from '#libs/policy/snapshot-delta.js';
import { viewAfter, viewOf } from '#libs/policy/view.js';
import type { LastGood } from './last-good.js';
import type { Settling } from './settling.js';

export interface ApplierPorts {
  /** The versions held. */
  readonly held: HeldNetworks;
  readonly flows: Pick<FlowEngine, 'apply' | 'view' | 'cutAtEnd' | 'restoreCutAtEnd'>;
  readonly settling: Pick<Settling, 'settle'>;
  readonly store: { save(lastGood: LastGood): Promise<void> };
  readonly acknowledgements: Pick<Acknowledgements, 'add' | 'unanswered'>;
  /** Reports to the control plane why a version is not acknowledged; once for each attempt. */
  readonly reportRefusal: (message: AppliedMessage) => void;
  readonly now: () => Date;
  /** Schedules the next attempt after a failure. `close` cancels it. */
  readonly later: (work: () => void, delayMs: number) => { cancel(): void };
  readonly report: (event: ApplierEvent) => void;
}

export type ApplierEvent =
  | { readonly kind: 'policy-applied'; readonly held: HeldNetwork; readonly flowsCut: readonly FlowId[] }
  | { readonly kind: 'applied'; readonly held: HeldNetwork; readonly failures: readonly AliasFailure[] }
  | { readonly kind: 'not-settled' | 'cuts-not-saved'; readonly held: HeldNetwork; readonly error: unknown };

interface NetworkState {
  /** The version whose policy is in force. */
  held: HeldNetwork;
  /** The version that listeners and names follow too. */
  applied: HeldNetwork | null;
  /** null: unknown, because the last acknowledgement was before a restart. */
  failures: readonly AliasFailure[] | null;
  /** Flows that were cut by versions without an acknowledgement so far. */
  cuts: { readonly version: number; readonly flows: readonly FlowId[] }[];
  /** Flows were cut at the end of a rule since the file was written. */
  hasUnsavedCuts: boolean;
  readonly settling: WokenWork;
  retry: { cancel(): void } | null;
  attempts: number;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;

/**
 * Applies versions: policy and cuts at once, whatever else is in progress; then, one version of a network at a time,
 * listeners, names, the file, and last the acknowledgement. A version that is overtaken by a newer one is skipped, and
 * the newer one's acknowledgement says so.
 */
export class Applier {
  private readonly networks = new Map<NetworkId, NetworkState>();
  private closed = false;

  constructor(private readonly ports: ApplierPorts) {}

  /**
   * Takes a newer version, by `delta` from the one held, or as a whole (null). When this returns, its policy is in
   * force and denied flows are cut.
   */
  take(held: HeldNetwork, delta: SnapshotDelta | null = null): void {
    const state = this.enforce(held, delta);
    this.settleSoon(state);
  }

  /**
   * Serves a version from disk; resolves when listeners and names are up. The version is acknowledged again, because
   * other aliases may fail now than did before the restart. `cutAtEnd` is reported with the version without the rule.
   */
  async restore(held: HeldNetwork, cutAtEnd: readonly FlowCutAtEnd[] = []): Promise<void> {
    this.ports.flows.restoreCutAtEnd(held.snapshot.networkId, cutAtEnd);
    const state = this.enforce(held, null);
    state.applied = held;
    state.failures = null;
    this.settleSoon(state);
    await state.settling.idle();
  }

  /** A rule ended by this host's clock: what was cut has to survive a restart until a version says that it ended. */
  saveCutAtEnd(networkId: NetworkId): void {
    const state = this.networks.get(networkId);
    if (state === undefined) return;
    state.hasUnsavedCuts = true;
    state.settling.wake();
  }

  /** The version that policy, listeners and names follow. */
  applied(networkId: NetworkId): HeldNetwork | null {
    return this.networks.get(networkId)?.applied ?? null;
  }

  failures(networkId: NetworkId): readonly AliasFailure[] {
    return this.networks.get(networkId)?.failures ?? [];
  }

  versions(): readonly NetworkVersion[] {
    return [...this.networks.values()].flatMap(({ applied }) => (applied === null ? [] : [versionOf(applied)]));
  }

  /** Waits for work in progress; nothing is retried. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { retry } of this.networks.values()) retry?.cancel();
    await Promise.all([...this.networks.values()].map(({ settling }) => settling.idle()));
  }

  private enforce(held: HeldNetwork, delta: SnapshotDelta | null): NetworkState {
    const { networkId, version } = held.snapshot;
    const flowsCut = this.swapPolicy(held, delta);
    let state = this.networks.get(networkId);
    if (state === undefined) {
      const settling = new WokenWork(() => this.settleNewest(networkId));
      state = {
        ...{ held, applied: null, failures: [], cuts: [], hasUnsavedCuts: false },
        ...{ settling, retry: null, attempts: 0 },
      };
      this.networks.set(networkId, state);
    }
    // Versions of different epochs do not compare, so cuts of the old epoch are reported with the first version of the
    // new one.
    if (!sameEpoch(state.held.epoch, held.epoch)) state.cuts = state.cuts.map((cut) => ({ ...cut, version: 0 }));
    state.held = held;
    this.ports.held.hold(held);
    state.attempts = 0;
    if (flowsCut.length > 0) state.cuts.push({ version, flows: flowsCut });
    this.ports.report({ kind: 'policy-applied', held, flowsCut });
    return state;
  }

  /** Costs what the delta touches: only connections whose verdict it can alter are evaluated again. */
  private swapPolicy({ snapshot }: HeldNetwork, delta: SnapshotDelta | null): readonly FlowId[] {
    const { flows } = this.ports;
    const { networkId, participates, maxStalenessSeconds } = snapshot;
    if (!participates) return flows.apply(networkId, null);
    const before = flows.view(networkId);
    if (delta === null || before === null) return flows.apply(networkId, viewOf(snapshot));
    const after = viewAfter(before, delta);
    const isAsFresh = this.networks.get(networkId)?.held.snapshot.maxStalenessSeconds === maxStalenessSeconds;
    return flows.apply(networkId, after, isAsFresh ? concernedBy(before, after, delta) : null);
  }

  private settleSoon(state: NetworkState): void {
    state.retry?.cancel();
    state.retry = null;
    state.settling.wake();
  }

  private async settleNewest(networkId: NetworkId): Promise<void> {
    const state = this.networks.get(networkId);
    if (state === undefined || this.closed) return;
    const { held } = state;
    const outcome = await this.settleOne(state, held);
    if (outcome === 'retry' && state.held === held && !this.closed) this.retryLater(state);
  }

  private async settleOne(state: NetworkState, held: HeldNetwork): Promise<'done' | 'retry'> {
    try {
      const failures = await this.ports.settling.settle(held.snapshot);
      const news = state.applied !== held || JSON.stringify(failures) !== JSON.stringify(state.failures);
      if (news) await this.acknowledge(state, held, failures);
      const areCutsSaved = await this.cutsSaved(state, held);
      return failures.length === 0 && areCutsSaved ? 'done' : 'retry';
    } catch (error) {
      this.ports.report({ kind: 'not-settled', held, error });
      this.ports.reportRefusal(
        notAppliedMessage(held, { from: this.fromVersion(state, held), error, at: this.ports.now() }),
      );
      return 'retry';
    }
  }

  /** The version applied before, in the same epoch. */
  private fromVersion({ applied }: NetworkState, { epoch }: HeldNetwork): number | null {
    return applied !== null && sameEpoch(applied.epoch, epoch) ? applied.snapshot.version : null;
  }

  /**
   * Written to disk first, so that neither an acknowledged version nor its cut flows are lost if the process ends now.
   */
  private async acknowledge(state: NetworkState, held: HeldNetwork, failures: readonly AliasFailure[]): Promise<void> {
    const { networkId, version } = held.snapshot;
    const told = state.cuts.filter((cut) => cut.version <= version);
    const message = appliedMessage(held, {
      from: this.fromVersion(state, held),
      aliasFailures: failures,
      flowsCut: told.flatMap(({ flows }) => flows),
      appliedAt: this.ports.now(),
    });
    const unanswered = [...this.ports.acknowledgements.unanswered(networkId), message];
    await this.save(state, { held, unanswered });
    state.applied = held;
    state.failures = failures;
    state.cuts = state.cuts.filter((cut) => !told.includes(cut));
    this.ports.acknowledgements.add(message);
    this.ports.report({ kind: 'applied', held, failures });
  }

  /** False: the version is in force and acknowledged, but the flows cut since then are not on disk. */
  private async cutsSaved(state: NetworkState, held: HeldNetwork): Promise<boolean> {
    if (!state.hasUnsavedCuts) return true;
    try {
      await this.save(state, { held, unanswered: this.ports.acknowledgements.unanswered(held.snapshot.networkId) });
      return true;
    } catch (error) {
      this.ports.report({ kind: 'cuts-not-saved', held, error });
      return false;
    }
  }

  private async save(state: NetworkState, lastGood: Omit<LastGood, 'cutAtEnd'>): Promise<void> {
    const cutAtEnd = this.ports.flows.cutAtEnd(lastGood.held.snapshot.networkId);
    state.hasUnsavedCuts = false;
    try {
      await this.ports.store.save({ ...lastGood, cutAtEnd });
    } catch (error) {
      state.hasUnsavedCuts = true;
      throw error;
    }
  }

  private retryLater(state: NetworkState): void {
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** state.attempts, LONGEST_RETRY_MS);
    state.attempts += 1;
    state.retry = this.ports.later(() => this.settleSoon(state), delayMs);
  }
}
