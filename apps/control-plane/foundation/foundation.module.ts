import { Global, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { type Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { BusAuthority } from '#libs/bus/authority.js';
import type { Bus } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { CONTROL_PLANE_INBOX_PREFIX, senderInboxPrefix } from '#libs/contracts/bus/subjects.js';
import { upcastsByType } from '#libs/domain/aggregates.js';
import { poolConfig } from '#libs/event-store/connection.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { Upcasters } from '#libs/event-store/upcasters.js';
import { BusFaults } from './bus-faults.js';
import { BusStatusFeed } from './bus-status.js';
import { MemberIntake } from './member-intake.js';
import { Metrics } from './metrics.js';
import { OpenConnections } from './open-connections.js';
import {
  BUS,
  BUS_AUTHORITY,
  CLOCK,
  type Clock,
  EVENT_STORE,
  LOGGER,
  MESH_AUTHORITY,
  SETTINGS,
  STORE_KEYS,
  TOPOLOGY_SIGNER,
} from './provided.js';
import { ServerClosing } from './server-closing.js';
import type { ControlPlaneSettings } from './settings.js';
import { StoreKeys } from './store-keys.js';
import { StoreRoom } from './store-room.js';

async function openBus(
  settings: ControlPlaneSettings,
  authority: BusAuthority,
  status: BusStatusFeed,
  intake: MemberIntake,
  faults: BusFaults,
  logger: Logger,
  connections: OpenConnections,
): Promise<Bus> {
  const credentials = await authority.controlPlaneCredentials();
  const bus = connectBus({
    servers: settings.busServers,
    name: 'control-plane',
    inboxPrefix: CONTROL_PLANE_INBOX_PREFIX,
    replyInbox: senderInboxPrefix,
    intake,
    credentials: () => credentials,
    onStatus: (state, detail) => {
      logger.info({ state, detail }, 'bus');
      status.become(state);
    },
    onFault: (fault) => faults.take(fault),
  });
  return connections.add(bus);
}

/** What all other modules use: the database, the bus, the keys, logging and metrics. */
@Global()
@Module({
  imports: [
    CqrsModule.forRoot(),
    TypeOrmModule.forRootAsync({
      inject: [SETTINGS, StoreRoom],
      useFactory: (settings: ControlPlaneSettings, room: StoreRoom) => ({
        type: 'postgres',
        // Without this, typeorm loads a second copy of pg from node_modules beside the bundled one (docs/adr/0052).
        driver: pg,
        url: settings.databaseUrl,
        // Each module names its own.
        autoLoadEntities: true,
        // Statements are not logged, because their parameters may be hashes of secrets.
        logging: false,
        poolSize: 8,
        extra: poolConfig(settings.storeGiveUpAfterMs, (error) => room.ranOut(error)),
        applicationName: 'globalstacks control-plane',
      }),
    }),
  ],
  providers: [
    {
      provide: STORE_KEYS,
      inject: [SETTINGS, DataSource, EVENT_STORE, CLOCK],
      useFactory: (s: ControlPlaneSettings, database: DataSource, store: EventStore, clock: Clock) =>
        StoreKeys.open(database, store, s.keysFolder, clock()),
    },
    { provide: BUS_AUTHORITY, inject: [STORE_KEYS], useFactory: ({ bus }: StoreKeys) => bus },
    { provide: TOPOLOGY_SIGNER, inject: [STORE_KEYS], useFactory: ({ topology }: StoreKeys) => topology },
    { provide: MESH_AUTHORITY, inject: [STORE_KEYS], useFactory: ({ mesh }: StoreKeys) => mesh },
    {
      provide: EVENT_STORE,
      inject: [SETTINGS, LOGGER, OpenConnections, StoreRoom],
      useFactory: (
        s: ControlPlaneSettings,
        logger: Logger,
        connections: OpenConnections,
        room: StoreRoom,
      ): EventStore =>
        connections.add(
          createEventStore({
            databaseUrl: s.databaseUrl,
            upcasters: new Upcasters(upcastsByType()),
            onConnectionError: (error) => logger.warn({ err: error }, 'connection to the database lost'),
            onDiskFull: (error) => room.ranOut(error),
            giveUpAfterMs: s.storeGiveUpAfterMs,
          }),
        ),
    },
    {
      provide: BUS,
      inject: [SETTINGS, BUS_AUTHORITY, BusStatusFeed, MemberIntake, BusFaults, LOGGER, OpenConnections],
      useFactory: openBus,
    },
    BusFaults,
    BusStatusFeed,
    MemberIntake,
    Metrics,
    ServerClosing,
  ],
  exports: [
    CqrsModule,
    TypeOrmModule,
    STORE_KEYS,
    BUS_AUTHORITY,
    TOPOLOGY_SIGNER,
    MESH_AUTHORITY,
    EVENT_STORE,
    BUS,
    BusFaults,
    BusStatusFeed,
    MemberIntake,
    Metrics,
    ServerClosing,
  ],
})
export class FoundationModule {}
