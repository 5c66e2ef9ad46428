import { setImmediate as othersRan } from 'node:timers/promises';
import { WokenWork } from '#libs/async/woken-work.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { Receiver } from './receiver.js';

/** After this long, the event loop gets its turn: answers to commands, acknowledgements, contacts. */
const SLICE_MS = 2;

/**
 * Offers networks to many receivers, one of each network in turn, so that a change of ten agents does not wait for one
 * of a thousand. A thousand offers take a third of a second, during which nothing else would be answered.
 */
export class SlicedOffers {
  private readonly due = new Map<NetworkId, Map<string, Receiver>>();
  private readonly offering = new WokenWork(() => this.offerAll());

  constructor(private readonly offer: (networkId: NetworkId, receiver: Receiver) => void) {}

  /** `receivers`: by recipient. The first ones are offered the network at once. */
  add(networkId: NetworkId, receivers: ReadonlyMap<string, Receiver>): void {
    const due = this.due.get(networkId) ?? new Map<string, Receiver>();
    for (const [recipient, receiver] of receivers) due.set(recipient, receiver);
    this.due.set(networkId, due);
    this.offering.wake();
  }

  /** Drops what was not offered yet. */
  async close(): Promise<void> {
    this.due.clear();
    await this.offering.idle();
  }

  private async offerAll(): Promise<void> {
    let until = performance.now() + SLICE_MS;
    while (this.due.size > 0) {
      for (const [networkId, receivers] of this.due) {
        const [next] = receivers;
        if (next === undefined) {
          this.due.delete(networkId);
          continue;
        }
        const [recipient, receiver] = next;
        receivers.delete(recipient);
        this.offer(networkId, receiver);
        if (performance.now() < until) continue;
        await othersRan();
        until = performance.now() + SLICE_MS;
      }
    }
  }
}
