import type { FlowId, NetworkId } from '#libs/contracts/ids.js';
import { inForce } from '#libs/policy/in-force.js';
import type { NetworkView } from '#libs/policy/model.js';
import type { FlowCutAtEnd } from '../data-plane.js';
import type { Flow } from './flow.js';
import type { FlowContext } from './flow-context.js';

/**
 * How often the clock is compared with the ends of rules. A timer set for the end itself would be late by as long as
 * the host was suspended, or by as much as its clock was set forward.
 */
const LOOK_EVERY_MS = 250;

/** Of one network: an agent writes them to disk, and has by default room for 20,000 open flows. */
export const MOST_CUT_AT_END = 25_000;

/** Cuts what a rule had let through when it ends by this host's clock, and remembers it until it can be told. */
export class EndedRules {
  private readonly timer: NodeJS.Timeout;
  /** Of each network the view as its rules stood when flows were last judged. */
  private readonly standing = new Map<NetworkId, NetworkView>();
  private readonly cuts = new Map<NetworkId, readonly FlowCutAtEnd[]>();

  constructor(private readonly context: FlowContext) {
    this.timer = setInterval(() => {
      for (const networkId of context.views.keys()) this.look(networkId);
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** What `follow` has still to tell. */
  untold(networkId: NetworkId): readonly FlowCutAtEnd[] {
    return this.cuts.get(networkId) ?? [];
  }

  /** More for `follow` to tell: of an earlier process, or of this moment. */
  add(networkId: NetworkId, cuts: readonly FlowCutAtEnd[]): void {
    this.cuts.set(networkId, [...this.untold(networkId), ...cuts].slice(-MOST_CUT_AT_END));
  }

  /** Judges the flows of a network again when a rule has ended since the last look. Returns the time of this one. */
  look(networkId: NetworkId): number {
    const { context } = this;
    const nowMs = context.nowMs();
    const view = context.view(networkId);
    if (view === null || !context.table.has(networkId)) return nowMs;
    const standing = inForce(view, nowMs);
    if (this.standing.get(networkId) === standing) return nowMs;
    this.standing.set(networkId, standing);
    const cuts = context.table.ofNetwork(networkId).flatMap((flow) => this.cutIfEnded(flow));
    if (cuts.length > 0) {
      this.add(networkId, cuts);
      context.settings.rulesEnded(networkId);
    }
    return nowMs;
  }

  /**
   * The network has another view, whose flows are judged by whoever swaps it. Returns the flows that were cut when a
   * rule ended which this view has no more: they are told with its version, since that is the one that says so. null:
   * the network is let go of.
   */
  follow(networkId: NetworkId, view: NetworkView | null, lookedAtMs: number): readonly FlowId[] {
    // As of the last look: a rule that ended since is noticed by the next one.
    if (view === null || !this.context.table.has(networkId)) this.standing.delete(networkId);
    else this.standing.set(networkId, inForce(view, lookedAtMs));
    const cuts = this.untold(networkId);
    const isGone = ({ ruleId }: FlowCutAtEnd): boolean =>
      view === null || !(view.rules.has(ruleId) || view.egressRules.has(ruleId));
    const left = cuts.filter((cut) => !isGone(cut));
    if (left.length === 0) this.cuts.delete(networkId);
    else this.cuts.set(networkId, left);
    return cuts.filter(isGone).map(({ flowId }) => flowId);
  }

  /** Flows that wait for a version, or were not decided yet, are judged when they go on. */
  private cutIfEnded(flow: Flow): readonly FlowCutAtEnd[] {
    const { verdict, state, facts } = flow;
    if (verdict === null || flow.heldForVersion !== null) return [];
    const decision = this.context.judge(flow);
    if (decision.allowed) return [];
    const isEnded = decision.code === 'DEFAULT_DENY';
    flow.finish('cut', isEnded ? 'RULE_ENDED' : decision.code);
    const { ruleId } = verdict;
    return state === 'open' && isEnded && ruleId !== null ? [{ flowId: facts.flowId, ruleId }] : [];
  }
}
