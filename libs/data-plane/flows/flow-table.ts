import type { FlowId, NetworkId } from '#libs/contracts/ids.js';
import type { FlowSummary } from '../data-plane.js';
import type { Flow } from './flow.js';

/** Every flow of this host that is not done, by network, and how many each source has. */
export class FlowTable {
  private readonly byNetwork = new Map<NetworkId, Set<Flow>>();
  private readonly bySource = new Map<string, number>();
  /** Of two flows of one id, the first. */
  private readonly peerFlows = new Map<FlowId, Flow>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** How many flows the source has, this one included. */
  ofSource(flow: Flow): number {
    return this.bySource.get(flow.sourceKey) ?? 0;
  }

  /** Whether a peer has a flow of this id here already. */
  hasPeerFlow(flowId: FlowId): boolean {
    return this.peerFlows.has(flowId);
  }

  add(flow: Flow): void {
    const { networkId, peer, flowId } = flow.facts;
    const ofNetwork = this.byNetwork.get(networkId) ?? new Set();
    this.byNetwork.set(networkId, ofNetwork);
    ofNetwork.add(flow);
    this.bySource.set(flow.sourceKey, this.ofSource(flow) + 1);
    if (peer !== null && !this.hasPeerFlow(flowId)) this.peerFlows.set(flowId, flow);
    this.count += 1;
  }

  remove(flow: Flow): void {
    const { networkId, flowId } = flow.facts;
    const ofNetwork = this.byNetwork.get(networkId);
    if (ofNetwork?.delete(flow) !== true) return;
    if (ofNetwork.size === 0) this.byNetwork.delete(networkId);
    const left = this.ofSource(flow) - 1;
    if (left > 0) this.bySource.set(flow.sourceKey, left);
    else this.bySource.delete(flow.sourceKey);
    if (this.peerFlows.get(flowId) === flow) this.peerFlows.delete(flowId);
    this.count -= 1;
  }

  has(networkId: NetworkId): boolean {
    return this.byNetwork.has(networkId);
  }

  /** A copy: the flows may be removed while it is walked. */
  ofNetwork(networkId: NetworkId): readonly Flow[] {
    return [...(this.byNetwork.get(networkId) ?? [])];
  }

  all(): readonly Flow[] {
    return [...this.byNetwork.values()].flatMap((flows) => [...flows]);
  }

  summaries(): readonly FlowSummary[] {
    return this.all().flatMap((flow) => flow.summaries());
  }
}
