import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Logger } from 'pino';
import { AgentsModule } from './agents/agents.module.js';
import { ApiDescription } from './api/api-description.js';
import { API_CONTROLLERS } from './api/controllers.js';
import { DeclaredRoutes } from './api/declared-routes.js';
import { OperationsController } from './api/operations.controller.js';
import { ProblemFilter } from './api/problem.filter.js';
import { Readiness } from './api/readiness.js';
import { RequestPipe } from './api/request.pipe.js';
import { ThrottleGuard, throttles } from './api/throttle.guard.js';
import { AppliedModule } from './applied/applied.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AccessGuard } from './auth/access.guard.js';
import { AuthModule } from './auth/auth.module.js';
import { DeliveryModule } from './delivery/delivery.module.js';
import { DiagnosticsModule } from './diagnostics/diagnostics.module.js';
import { EpochsModule } from './epochs/epochs.module.js';
import { EventsModule } from './events/events.module.js';
import { FoundationModule } from './foundation/foundation.module.js';
import { OpenConnections } from './foundation/open-connections.js';
import { CLOCK, type Clock, LOGGER, SETTINGS } from './foundation/provided.js';
import type { ControlPlaneSettings } from './foundation/settings.js';
import { StoreRoom } from './foundation/store-room.js';
import { HistoryModule } from './history/history.module.js';
import { OpenAnswers } from './http/open-answers.js';
import { IdentityModule } from './identity/identity.module.js';
import { KeysModule } from './keys/keys.module.js';
import { Lifecycle } from './lifecycle.js';
import { LocalNodesModule } from './local-nodes/local-nodes.module.js';
import { MeshModule } from './mesh/mesh.module.js';
import { NetworksModule } from './networks/networks.module.js';
import { PlacementModule } from './placement/placement.module.js';
import { PresenceModule } from './presence/presence.module.js';
import { RecordModule } from './record/record.module.js';
import { SandboxesModule } from './sandboxes/sandboxes.module.js';
import { StatusModule } from './status/status.module.js';

/** What comes from outside the process: settings, log and time. */
export interface Surroundings {
  readonly settings: ControlPlaneSettings;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What the application is built on. */
export interface Foundations extends Surroundings {
  readonly connections: OpenConnections;
}

@Global()
@Module({})
class SurroundingsModule {}

@Module({})
class ControlPlaneModule {}

function surroundingsModule({ settings, logger, clock, connections }: Foundations): DynamicModule {
  return {
    module: SurroundingsModule,
    providers: [
      { provide: SETTINGS, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: clock },
      { provide: OpenConnections, useValue: connections },
      OpenAnswers,
      StoreRoom,
    ],
    exports: [SETTINGS, LOGGER, CLOCK, OpenConnections, OpenAnswers, StoreRoom],
  };
}

/** The whole control plane on these foundations. */
export function controlPlaneModule(surroundings: Foundations): DynamicModule {
  return {
    module: ControlPlaneModule,
    imports: [
      surroundingsModule(surroundings),
      FoundationModule,
      RecordModule,
      IdentityModule,
      PresenceModule,
      PlacementModule,
      AppliedModule,
      DeliveryModule,
      StatusModule,
      MeshModule,
      NetworksModule,
      SandboxesModule,
      AgentsModule,
      LocalNodesModule,
      DiagnosticsModule,
      AuthModule,
      EpochsModule,
      EventsModule,
      HistoryModule,
      AuditModule,
      KeysModule,
      TerminusModule.forRoot({ logger: false }),
      ThrottlerModule.forRoot(throttles(surroundings.settings)),
    ],
    controllers: [...API_CONTROLLERS, OperationsController],
    providers: [
      ApiDescription,
      DeclaredRoutes,
      Lifecycle,
      Readiness,
      // In this order: a flood is refused before the database is asked about tokens.
      { provide: APP_GUARD, useClass: ThrottleGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_PIPE, useClass: RequestPipe },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}
