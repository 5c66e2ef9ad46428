import { Module } from '@nestjs/common';
import { TopologyModule } from '../topology/topology.module.js';
import { Questions } from './questions.js';
import { ResolveAliasHandler } from './resolve.handler.js';
import { TestConnectionHandler } from './test-connection.handler.js';

@Module({
  imports: [TopologyModule],
  providers: [Questions, ResolveAliasHandler, TestConnectionHandler],
  exports: [Questions],
})
export class DiagnosticsModule {}
