import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { DiffNetworkHandler } from './diff.handler.js';
import { ExplainVerdictHandler } from './explain.handler.js';
import { ListHistoryHandler } from './history.handler.js';
import { NetworkPast } from './network-past.js';
import { ListVerdictTurnsHandler } from './turns.handler.js';

/** What was, from the log alone. */
@Module({
  imports: [AppliedModule],
  providers: [NetworkPast, ListHistoryHandler, DiffNetworkHandler, ExplainVerdictHandler, ListVerdictTurnsHandler],
})
export class HistoryModule {}
