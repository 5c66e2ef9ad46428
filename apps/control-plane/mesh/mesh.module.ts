import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PresenceModule } from '../presence/presence.module.js';
import { ControlServerAccess } from './control-server-access.js';
import { DiagnoseMeshHandler } from './diagnosis/diagnose-mesh.handler.js';
import { MeshKey } from './mesh-key.entity.js';
import { MeshKeyRecords } from './mesh-key-records.js';
import { MeshKeyUpkeep } from './mesh-key-upkeep.js';
import { MeshKeys } from './mesh-keys.js';
import { MeshSweep } from './mesh-sweep.js';

/** The control plane's use of the mesh's control server. */
@Module({
  imports: [TypeOrmModule.forFeature([MeshKey]), PresenceModule],
  providers: [ControlServerAccess, MeshKeyRecords, MeshSweep, MeshKeyUpkeep, MeshKeys, DiagnoseMeshHandler],
  exports: [MeshKeys, MeshKeyUpkeep],
})
export class MeshModule {}
