import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';
import type { TransportStatus } from './transport.js';

const CODE = 'PEER_STREAM_LIMIT';
/** This long after its last refusal, a peer's next refusal lasts only the shortest time again. */
const REMEMBERED_MS = 3_600_000;

interface Refusal {
  readonly name: string;
  readonly until: number;
  readonly lastedMs: number;
}

export interface RefusedPeersSettings {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Called when a peer begins to be refused, and when its refusal ends. */
  readonly changed: () => void;
}

/** Peers that opened more streams than they may. Each is refused sessions for a while, twice as long each time. */
export class RefusedPeers {
  private readonly refusals = new Map<string, Refusal>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly settings: RefusedPeersSettings) {}

  /** Refuses the peer from now on; false: it was refused already. */
  refuse(peer: MeshIdentity): boolean {
    const name = describeIdentity(peer);
    const now = Date.now();
    for (const [other, { until }] of this.refusals) if (until + REMEMBERED_MS < now) this.refusals.delete(other);
    const before = this.refusals.get(name);
    if (before !== undefined && before.until > now) return false;
    const { firstMs, longestMs, changed } = this.settings;
    const lastedMs = before === undefined ? firstMs : Math.min(before.lastedMs * 2, longestMs);
    this.refusals.set(name, { name, until: now + lastedMs, lastedMs });
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      changed();
    }, lastedMs + 1);
    timer.unref();
    this.timers.add(timer);
    changed();
    return true;
  }

  /** Why the peer is refused sessions now, in words; null: it is not. */
  refusalOf(peer: MeshIdentity): string | null {
    const refusal = this.refusals.get(describeIdentity(peer));
    return refusal === undefined || refusal.until <= Date.now() ? null : textOf(refusal);
  }

  /** The node's status, with a note about refused peers unless the transport has a fault of its own to report. */
  shownIn(status: TransportStatus): TransportStatus {
    if (status.code !== null) return status;
    const now = Date.now();
    const refused = [...this.refusals.values()].filter(({ until }) => until > now);
    if (refused.length === 0) return status;
    return { ...status, code: CODE, message: refused.slice(0, SHOWN).map(textOf).join('; ') };
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

/** More names would not fit on one line. */
const SHOWN = 3;

function textOf({ name, until }: Refusal): string {
  return `${name} opened more streams than a peer may, and is refused until ${new Date(until).toISOString()}`;
}
