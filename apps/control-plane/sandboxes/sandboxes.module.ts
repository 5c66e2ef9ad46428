import { Module } from '@nestjs/common';
import { TopologyModule } from '../topology/topology.module.js';
import { LabelSandboxHandler, ListSandboxesHandler, ShowSandboxHandler } from './sandbox.handlers.js';
import { SandboxViews } from './sandbox-views.js';

@Module({
  imports: [TopologyModule],
  providers: [SandboxViews, ListSandboxesHandler, ShowSandboxHandler, LabelSandboxHandler],
})
export class SandboxesModule {}
