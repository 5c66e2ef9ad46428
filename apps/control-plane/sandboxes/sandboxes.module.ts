import { Module } from '@nestjs/common';
import { TopologyModule } from '../topology/topology.module.js';
import { LabelSandboxHandler, ListSandboxesHandler, SandboxViews, ShowSandboxHandler } from './sandbox.handlers.js';

@Module({
  imports: [TopologyModule],
  providers: [SandboxViews, ListSandboxesHandler, ShowSandboxHandler, LabelSandboxHandler],
})
export class SandboxesModule {}
