import { Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { LOGGER } from '../foundation/provided.js';
import { CheckpointUpkeep } from './checkpoint-upkeep.js';
import { Checkpoints } from './checkpoints.js';
import { CommandExecutor } from './command-executor.js';
import { Directory } from './directory.js';
import { DirectoryFeed } from './directory-feed.js';
import { ExpectedHashes } from './expected-hashes.js';
import { LogStates } from './log-states.js';
import { SeenHead } from './seen-head.js';
import { StoreEpoch } from './store-epoch.js';
import { StreamStates } from './stream-states.js';

const PROVIDED = [
  StoreEpoch,
  Directory,
  DirectoryFeed,
  CommandExecutor,
  StreamStates,
  ExpectedHashes,
  SeenHead,
  Checkpoints,
  CheckpointUpkeep,
  LogStates,
];

/** The log in memory, and the only way to write to it. */
@Global()
@Module({
  providers: [
    {
      provide: StoreEpoch,
      inject: [DataSource, LOGGER],
      useFactory: (database: DataSource, logger: Logger) => StoreEpoch.open(database, logger),
    },
    { provide: Directory, useFactory: () => new Directory() },
    DirectoryFeed,
    CommandExecutor,
    StreamStates,
    ExpectedHashes,
    SeenHead,
    Checkpoints,
    CheckpointUpkeep,
    LogStates,
  ],
  exports: PROVIDED,
})
export class RecordModule {}
