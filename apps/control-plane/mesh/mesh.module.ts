import { Module } from '@nestjs/common';
import { ControlServerAccess } from './control-server-access.js';
import { MeshKeys } from './mesh-keys.js';

/** The mesh's control server, as far as the control plane has to do with it. */
@Module({
  providers: [ControlServerAccess, MeshKeys],
  exports: [MeshKeys],
})
export class MeshModule {}
