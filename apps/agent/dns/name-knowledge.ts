import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';

export interface NameKnowledgePorts {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly later: (work: () => void, delayMs: number) => { cancel(): void };
  /** Called when names may now be known to be absent, or no longer. */
  readonly changed: () => void;
}

/** Time from the answer to a sandbox's report until its networks have arrived. */
const NETWORKS_FOLLOW_WITHIN_MS = 2_000;

/**
 * Whether this agent can say that a network does not exist for a sandbox. It cannot before the control plane has named
 * this host's networks, while one of these has not arrived, or while the control plane may not have placed the sandbox
 * here yet. Networks of the last-good versions are always known.
 */
export class NameKnowledge {
  private named: ReadonlySet<NetworkId> | null = null;
  private readonly settledAtMs = new Map<SandboxId, number>();
  private timer: { cancel(): void } | null = null;

  constructor(private readonly ports: NameKnowledgePorts) {}

  /** The control plane named every network that this agent should hold. */
  contacted(networkIds: readonly NetworkId[]): void {
    const before = this.named;
    this.named = new Set(networkIds);
    const isSame = before?.size === this.named.size && networkIds.every((networkId) => before.has(networkId));
    if (!isSame) this.ports.changed();
  }

  /** The control plane answered a report of all sandboxes here. */
  reported(sandboxIds: readonly SandboxId[]): void {
    const here = new Set(sandboxIds);
    for (const sandboxId of this.settledAtMs.keys()) if (!here.has(sandboxId)) this.settledAtMs.delete(sandboxId);
    const settledAtMs = this.ports.now() + NETWORKS_FOLLOW_WITHIN_MS;
    for (const sandboxId of here) {
      if (!this.settledAtMs.has(sandboxId)) this.settledAtMs.set(sandboxId, settledAtMs);
    }
    this.wakeAtNext();
  }

  /** `published`: the networks that have arrived, including those that this agent should no longer hold. */
  knowsNetworksOf(sandboxId: SandboxId, published: ReadonlySet<NetworkId>): boolean {
    const settledAtMs = this.settledAtMs.get(sandboxId);
    if (this.named === null || settledAtMs === undefined) return false;
    return settledAtMs <= this.ports.now() && [...this.named].every((networkId) => published.has(networkId));
  }

  close(): void {
    this.timer?.cancel();
  }

  private wakeAtNext(): void {
    this.timer?.cancel();
    this.timer = null;
    const nowMs = this.ports.now();
    const ahead = [...this.settledAtMs.values()].filter((settledAtMs) => settledAtMs > nowMs);
    if (ahead.length === 0) return;
    const delayMs = Math.ceil(Math.min(...ahead) - nowMs);
    // Node may fire a timer slightly early. The next timer is set before `changed` runs; otherwise a sandbox whose time
    // comes during `changed` would be missed for good.
    this.timer = this.ports.later(() => {
      this.wakeAtNext();
      this.ports.changed();
    }, delayMs);
  }
}
