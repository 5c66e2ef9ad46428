import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { type HeldNetwork, sameEpoch } from '#libs/data-plane/topology/held-network.js';

/** Whether the version that this machine holds is known to be the control plane's current one. */
export type Currency =
  | { readonly kind: 'current' }
  /** No contact for too long. */
  | { readonly kind: 'silent'; readonly since: Date }
  /** The control plane names another version than the one held, and it does not arrive. */
  | { readonly kind: 'outdated'; readonly since: Date; readonly version: number };

type Held = Pick<HeldNetwork, 'epoch' | 'hash'> & { readonly snapshot: { readonly version: number } };

/** What the control plane last said about one network, and for how long that counts. */
export class LastWord {
  private named: { readonly epoch: Epoch; readonly version: number; readonly hash: string } | null = null;
  private differsSince: Date | null = null;

  /** `heardAt`: when it last answered. */
  constructor(
    private readonly networkId: NetworkId,
    public heardAt: Date,
  ) {}

  heard({ epoch, networks }: Pick<ContactReply, 'epoch' | 'networks'>, held: Held | null, now: Date): void {
    this.heardAt = now;
    const current = networks.find(({ networkId }) => networkId === this.networkId);
    this.named = current === undefined ? null : { epoch, version: current.version, hash: current.hash };
    this.differsSince = this.differs(held) ? (this.differsSince ?? now) : null;
  }

  judge(held: Held | null, now: Date): Currency {
    if (now.getTime() - this.heardAt.getTime() > KNOWN_FOR_MS) return { kind: 'silent', since: this.heardAt };
    const { named, differsSince } = this;
    if (named === null || differsSince === null || !this.differs(held)) return { kind: 'current' };
    if (now.getTime() - differsSince.getTime() <= KNOWN_FOR_MS) return { kind: 'current' };
    return { kind: 'outdated', since: differsSince, version: named.version };
  }

  private differs(held: Held | null): boolean {
    const { named } = this;
    if (named === null) return false;
    if (held === null || !sameEpoch(held.epoch, named.epoch)) return true;
    return held.snapshot.version !== named.version || held.hash !== named.hash;
  }
}
