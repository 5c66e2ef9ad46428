import type { X509Certificate } from 'node:crypto';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';

/**
 * Until when each peer's identity is proven: the expiry of the latest certificate that it showed in a handshake,
 * whichever end began it. Sessions end when their peer's proof expires without a newer one.
 */
export class PeerProofs {
  private readonly untilByName = new Map<string, number>();

  record(peer: MeshIdentity, certificate: X509Certificate): void {
    const now = Date.now();
    for (const [name, until] of this.untilByName) if (until < now) this.untilByName.delete(name);
    const end = certificate.validToDate.getTime();
    this.untilByName.set(describeIdentity(peer), Math.max(end, this.until(peer)));
  }

  /** Milliseconds since the epoch; 0 without a valid proof. */
  until(peer: MeshIdentity): number {
    return this.untilByName.get(describeIdentity(peer)) ?? 0;
  }
}
