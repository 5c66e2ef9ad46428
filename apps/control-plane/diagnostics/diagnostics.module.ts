import { Module } from '@nestjs/common';
import { TopologyModule } from '../topology/topology.module.js';
import { AgentQuestions } from './agent-questions.js';
import { ResolveAliasHandler } from './resolve.handler.js';
import { TestConnectionHandler } from './test-connection.handler.js';

@Module({ imports: [TopologyModule], providers: [AgentQuestions, ResolveAliasHandler, TestConnectionHandler] })
export class DiagnosticsModule {}
