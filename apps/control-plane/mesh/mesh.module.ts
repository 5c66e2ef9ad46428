import { Module } from '@nestjs/common';
import { ControlServerAccess } from './control-server-access.js';
import { MeshKeyRecords } from './mesh-key-records.js';
import { MeshKeyUpkeep } from './mesh-key-upkeep.js';
import { MeshKeys } from './mesh-keys.js';
import { MeshSweep } from './mesh-sweep.js';

/** The mesh's control server, as far as the control plane has to do with it. */
@Module({
  providers: [ControlServerAccess, MeshKeyRecords, MeshSweep, MeshKeyUpkeep, MeshKeys],
  exports: [MeshKeys, MeshKeyUpkeep],
})
export class MeshModule {}
