import { Module } from '@nestjs/common';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { LabelSandboxHandler, ListSandboxesHandler, ShowSandboxHandler } from './sandbox.handlers.js';
import { SandboxViews } from './sandbox-views.js';

@Module({
  imports: [PresenceModule, StatusModule],
  providers: [SandboxViews, ListSandboxesHandler, ShowSandboxHandler, LabelSandboxHandler],
})
export class SandboxesModule {}
