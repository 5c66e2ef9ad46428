import { Module } from '@nestjs/common';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { LabelSandboxHandler } from './label.handler.js';
import { PinSandboxHandler, ReleaseSandboxHandler, UnpinSandboxHandler } from './placement.handlers.js';
import { ListSandboxesHandler, ShowSandboxHandler } from './query.handlers.js';
import { SandboxViews } from './sandbox-views.js';
import { SandboxWrites } from './sandbox-writes.js';

@Module({
  imports: [PresenceModule, StatusModule],
  providers: [
    SandboxViews,
    SandboxWrites,
    ListSandboxesHandler,
    ShowSandboxHandler,
    LabelSandboxHandler,
    ReleaseSandboxHandler,
    PinSandboxHandler,
    UnpinSandboxHandler,
  ],
})
export class SandboxesModule {}
