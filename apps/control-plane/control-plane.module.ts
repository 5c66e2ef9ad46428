import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Logger } from 'pino';
import { AgentsModule } from './agents/agents.module.js';
import { AccessGuard } from './auth/access.guard.js';
import { AuthModule } from './auth/auth.module.js';
import { DiagnosticsModule } from './diagnostics/diagnostics.module.js';
import { EpochsModule } from './epochs/epochs.module.js';
import { FoundationModule } from './foundation.module.js';
import { OperationsController } from './health/operations.controller.js';
import { ApiDescription } from './http/api-description.js';
import { API_CONTROLLERS } from './http/controllers.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RequestPipe } from './http/request.pipe.js';
import { ThrottleGuard, throttles } from './http/throttle.guard.js';
import { Lifecycle } from './lifecycle.js';
import { LocalNodesModule } from './local-nodes/local-nodes.module.js';
import { MeshModule } from './mesh/mesh.module.js';
import { NetworksModule } from './networks/networks.module.js';
import { CLOCK, type Clock, LOGGER, SETTINGS } from './provided.js';
import { SandboxesModule } from './sandboxes/sandboxes.module.js';
import type { ControlPlaneSettings } from './settings.js';
import { TopologyModule } from './topology/topology.module.js';

/** What comes from outside the process: its settings, its log and the time. */
export interface Surroundings {
  readonly settings: ControlPlaneSettings;
  readonly logger: Logger;
  readonly clock: Clock;
}

@Global()
@Module({})
class SurroundingsModule {}

@Module({})
class ControlPlaneModule {}

function surroundingsModule({ settings, logger, clock }: Surroundings): DynamicModule {
  return {
    module: SurroundingsModule,
    providers: [
      { provide: SETTINGS, useValue: settings },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: clock },
    ],
    exports: [SETTINGS, LOGGER, CLOCK],
  };
}

/** The whole control plane in these surroundings. */
export function controlPlaneModule(surroundings: Surroundings): DynamicModule {
  return {
    module: ControlPlaneModule,
    imports: [
      surroundingsModule(surroundings),
      FoundationModule,
      AuthModule,
      TopologyModule,
      NetworksModule,
      SandboxesModule,
      AgentsModule,
      LocalNodesModule,
      MeshModule,
      DiagnosticsModule,
      EpochsModule,
      TerminusModule.forRoot({ logger: false }),
      ThrottlerModule.forRoot(throttles(surroundings.settings)),
    ],
    controllers: [...API_CONTROLLERS, OperationsController],
    providers: [
      ApiDescription,
      Lifecycle,
      // In this order: a flood is turned away before the database is asked about tokens.
      { provide: APP_GUARD, useClass: ThrottleGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_PIPE, useClass: RequestPipe },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}
