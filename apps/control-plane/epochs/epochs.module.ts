import { Module } from '@nestjs/common';
import { DiagnosticsModule } from '../diagnostics/diagnostics.module.js';
import { TopologyModule } from '../topology/topology.module.js';
import { PreviewEpochHandler, StartEpochHandler } from './epoch.handlers.js';
import { HeldSnapshots } from './held-snapshots.js';
import { UnknownNetworks } from './unknown-networks.js';

/** The way out of EPOCH_REGRESSED: which history goes on, decided by an operator. */
@Module({
  imports: [TopologyModule, DiagnosticsModule],
  providers: [HeldSnapshots, UnknownNetworks, PreviewEpochHandler, StartEpochHandler],
  exports: [UnknownNetworks],
})
export class EpochsModule {}
