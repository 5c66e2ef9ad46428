import { Injectable } from '@nestjs/common';
import { Regressions } from '../applied/regressions.js';
import { HeldSnapshots } from './held-snapshots.js';

/** Asks agents for the names of networks that only they know, so that lists can show them. */
@Injectable()
export class UnknownNetworks {
  constructor(
    private readonly regressions: Regressions,
    private readonly held: HeldSnapshots,
  ) {}

  start(): void {
    this.regressions.onFound((regression) => {
      const { networkId, agentId, storeVersion, networkName } = regression;
      if (storeVersion > 0 || networkName !== null) return;
      void this.held.of(agentId, networkId).then((snapshot) => {
        if (snapshot !== null) this.regressions.named(networkId, snapshot.name);
      });
    });
  }
}
