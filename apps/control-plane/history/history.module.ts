import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { StatusModule } from '../status/status.module.js';
import { DiffNetworkHandler } from './diff.handler.js';
import { ExplainVerdictHandler } from './explain.handler.js';
import { ListHistoryHandler } from './history.handler.js';
import { ListVerdictTurnsHandler } from './turns.handler.js';

/** Questions about the past, answered from the log alone. */
@Module({
  imports: [AppliedModule, StatusModule],
  providers: [ListHistoryHandler, DiffNetworkHandler, ExplainVerdictHandler, ListVerdictTurnsHandler],
})
export class HistoryModule {}
