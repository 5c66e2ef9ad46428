import type { X509Certificate } from 'node:crypto';
import type { MeshIdentity } from './flow.js';
import { describeIdentity } from './identity.js';

/**
 * Until when each peer has proved who it is: the end of the latest certificate it has shown in a handshake, whichever
 * end began it. A session may go on as long as its peer proves itself anew; one that is not renewed is out in time.
 */
export class PeerProofs {
  private readonly untilByName = new Map<string, number>();

  record(peer: MeshIdentity, certificate: X509Certificate): void {
    const now = Date.now();
    for (const [name, until] of this.untilByName) if (until < now) this.untilByName.delete(name);
    const end = certificate.validToDate.getTime();
    this.untilByName.set(describeIdentity(peer), Math.max(end, this.until(peer)));
  }

  /** Milliseconds since the epoch; 0 when it has proved nothing that still holds. */
  until(peer: MeshIdentity): number {
    return this.untilByName.get(describeIdentity(peer)) ?? 0;
  }
}
