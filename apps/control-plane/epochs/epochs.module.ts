import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { PreviewEpochHandler, StartEpochHandler } from './epoch.handlers.js';
import { HeldSnapshots } from './held-snapshots.js';
import { UnknownNetworks } from './unknown-networks.js';

/** The way out of EPOCH_REGRESSED: an operator decides which history continues. */
@Module({
  imports: [AppliedModule, DeliveryModule],
  providers: [HeldSnapshots, UnknownNetworks, PreviewEpochHandler, StartEpochHandler],
  exports: [UnknownNetworks],
})
export class EpochsModule {}
