import { Injectable } from '@nestjs/common';
import { Regressions } from '../applied/regressions.js';
import { isQuarantined, type NetworkRecord } from '../record/network-record.js';

/** Whether a network's topology may be sent. */
@Injectable()
export class Publication {
  constructor(private readonly regressions: Regressions) {}

  /**
   * Nothing is sent of a stream that cannot be read, or that agents are ahead of (EPOCH_REGRESSED), unless a denial was
   * written since: that goes to every agent that can still take it. A quarantine is always sent, and so is a deletion
   * that agents are ahead of: it only takes away, as a denial does.
   */
  isOpen(record: NetworkRecord): boolean {
    const { topology, unreadable } = record;
    if (isQuarantined(record)) return true;
    if (unreadable !== null) return false;
    if (topology.deleted) return true;
    return this.regressions
      .of(topology.networkId)
      .every(({ storeVersion }) =>
        [...topology.rules.values()].some(({ effect, since }) => effect === 'deny' && since > storeVersion),
      );
  }
}
