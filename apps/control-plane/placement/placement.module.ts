import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PlacementProcess } from './placement-process.js';
import { ProcessCursor } from './process-cursor.entity.js';

/** The process that copies sandboxes' placement to the networks they are attached to. */
@Module({
  imports: [TypeOrmModule.forFeature([ProcessCursor])],
  providers: [PlacementProcess],
  exports: [PlacementProcess],
})
export class PlacementModule {}
