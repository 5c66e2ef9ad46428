import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { API_CONTROLLERS } from './api/controllers.js';
import { describeApi } from './api/document.js';

@Module({ imports: [CqrsModule.forRoot()], controllers: API_CONTROLLERS })
class DescribedModule {}

const target = process.argv[2];
if (target === undefined) throw new Error('give the path to write the OpenAPI document to');
const app = await NestFactory.create(DescribedModule, new FastifyAdapter(), { logger: ['error'] });
await writeFile(target, `${JSON.stringify(describeApi(app), null, 2)}\n`);
await app.close();
