import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LogStateUpkeep } from './log-state-upkeep.js';
import { PlacementProcess } from './placement-process.js';
import { ProcessCursor } from './process-cursor.entity.js';

/** The process that copies sandboxes' placement to the networks they are attached to. */
@Module({
  imports: [TypeOrmModule.forFeature([ProcessCursor])],
  providers: [PlacementProcess, LogStateUpkeep],
  exports: [PlacementProcess, LogStateUpkeep],
})
export class PlacementModule {}
