import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { HeldNetworks } from '#libs/member/held-networks.js';
import type { LocalCredentials } from './control-plane-api.js';
import { type Currency, LastWord } from './last-word.js';

/** The version of the network that this machine holds, and whether it is recent enough to be used. */
export class HeldCopy {
  /** Holds only this copy's network. */
  readonly networks = new HeldNetworks();
  private readonly lastWord: LastWord;

  constructor(
    /** The current credentials. */
    private readonly credentials: () => LocalCredentials,
    private readonly now: () => Date,
  ) {
    const { networkId, issuedAt } = credentials();
    this.lastWord = new LastWord(networkId, issuedAt);
  }

  /** null: no topology has arrived yet. */
  get current(): HeldNetwork | null {
    return this.networks.of(this.credentials().networkId);
  }

  /** When the control plane last answered. */
  get heardAt(): Date {
    return this.lastWord.heardAt;
  }

  heard(reply: ContactReply): void {
    this.lastWord.heard(reply, this.current, this.now());
  }

  currency(): Currency {
    return this.lastWord.judge(this.current, this.now());
  }

  /** The certificate usually expires long before the network's staleness limit; both are checked. */
  isServed(): boolean {
    const now = this.now().getTime();
    const boundMs = (this.current?.snapshot.maxStalenessSeconds ?? 0) * 1_000;
    return now < this.credentials().expiresAt.getTime() && now - this.heardAt.getTime() < boundMs;
  }
}
