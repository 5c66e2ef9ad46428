import 'reflect-metadata';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { type FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { clientConfig, connectClient } from '#libs/event-store/connection.js';
import { portUnusable } from '#libs/program/port-owner.js';
import { migrate } from '../../migrations/index.js';
import { ApiDescription } from './api/api-description.js';
import { serveConsole } from './api/console-files.js';
import { DeclaredRoutes } from './api/declared-routes.js';
import { describeApi } from './api/document.js';
import { measureRequests } from './api/request-metrics.js';
import { SECURITY_HEADERS } from './api/security-headers.js';
import { acceptEmptyJson, bodyLimitOf, boundAddress, httpAdapter, listenOn } from './api/server.js';
import { controlPlaneModule, type Foundations, type Surroundings } from './control-plane.module.js';
import { databaseFault, requirePostgres } from './foundation/database-fault.js';
import { isDatabaseUnavailable } from './foundation/database-unavailable.js';
import { FrameworkLog } from './foundation/framework-log.js';
import { Metrics } from './foundation/metrics.js';
import { OpenConnections } from './foundation/open-connections.js';
import { ServerClosing } from './foundation/server-closing.js';
import type { Listen } from './foundation/settings.js';
import { SETTINGS } from './foundation/settings-list.js';

const DATABASE_RETRY_MS = 500;
/** Time for requests in progress when the process ends. */
const ANSWER_WITHIN_MS = 3_000;

export interface RunningControlPlane {
  /** The addresses it listens on, in the order of the settings. */
  readonly listening: readonly Listen[];
  close(): Promise<void>;
}

/**
 * Starts a control plane. While the database cannot be reached, it waits and tries again. If the start fails, it closes
 * the connections that it has opened. Errors: SettingInvalidError, KeyFileUnusableError, KeysOfAnotherStoreError,
 * DatabaseUnusableError, PortUnusableError.
 */
export async function startControlPlane(
  surroundings: Surroundings,
  signal: AbortSignal = new AbortController().signal,
): Promise<RunningControlPlane> {
  const { settings, logger } = surroundings;
  for (const address of settings.listen) await requireFree(address);
  await prepareDatabase(settings.databaseUrl, signal, (error) =>
    logger.warn({ err: error }, 'waiting for the database'),
  );
  const connections = new OpenConnections();
  let app: NestFastifyApplication | null = null;
  try {
    const adapter = httpAdapter(settings.trustedProxies);
    app = await createApplication({ ...surroundings, connections }, adapter);
    return await serve(app, adapter, surroundings);
  } catch (error) {
    const closed = Promise.allSettled([app?.close(), connections.closeAll()]);
    await Promise.race([closed, pause(ANSWER_WITHIN_MS, undefined, { ref: false })]);
    throw error;
  }
}

async function createApplication(foundations: Foundations, adapter: FastifyAdapter): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(controlPlaneModule(foundations), adapter, {
    logger: new FrameworkLog(foundations.logger),
    abortOnError: false,
    // Only Fastify's JSON parser is used, which refuses __proto__: forms and plain text are not accepted.
    bodyParser: false,
  });
  const instance = adapter.getInstance();
  instance.removeContentTypeParser('text/plain');
  acceptEmptyJson(instance);
  const routes = app.get(DeclaredRoutes);
  instance.addHook('onRoute', (route) => {
    routes.add(route.method, route.url);
    const limit = bodyLimitOf(route.url);
    if (limit !== undefined) route.bodyLimit = limit;
  });
  await instance.register(fastifyHelmet, SECURITY_HEADERS);
  await instance.register(fastifyCookie);
  await serveConsole(instance, foundations.settings.consoleFolder);
  measureRequests(instance, app.get(Metrics));
  const closing = app.get(ServerClosing).signal;
  // A kept-alive connection would delay the end of the process.
  instance.addHook('onSend', async (_request, reply) => {
    if (closing.aborted) reply.header('connection', 'close');
  });
  app.get(ApiDescription).makeBy(() => describeApi(app));
  return app;
}

async function serve(
  app: NestFastifyApplication,
  adapter: FastifyAdapter,
  { settings, logger }: Surroundings,
): Promise<RunningControlPlane> {
  const [first, ...more] = settings.listen;
  if (first === undefined) throw new Error('nowhere to listen');
  await listening(first, () => app.listen(first.port, first.host));
  const servers: readonly Server[] = await listenOn(adapter, more);
  const bound = [app.getHttpServer() as Server, ...servers].map(boundAddress);
  logger.info({ listening: bound }, 'control plane is ready');
  return {
    listening: bound,
    async close() {
      const all = [app.getHttpServer() as Server, ...servers];
      const cut = setTimeout(() => {
        for (const server of all) server.closeAllConnections();
      }, ANSWER_WITHIN_MS);
      for (const server of servers) server.close();
      await app.close();
      clearTimeout(cut);
    },
  };
}

/**
 * Checked before anything is opened, since a second control plane is the usual mistake. Error: PortUnusableError.
 */
function requireFree(address: Listen): Promise<void> {
  return listening(
    address,
    () =>
      new Promise((resolve, reject) => {
        const server = createServer().once('error', reject);
        server.listen(address.port, address.host, () => server.close(() => resolve()));
      }),
  );
}

async function listening<T>(address: Listen, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    throw await portUnusable(address, SETTINGS.httpListen.variable, error);
  }
}

async function checkVersion(url: string): Promise<void> {
  const client = await connectClient(clientConfig(url, 'globalstacks control-plane'), () => {});
  try {
    await requirePostgres(client);
  } finally {
    await client.end();
  }
}

async function prepareDatabase(url: string, signal: AbortSignal, onWait: (error: unknown) => void): Promise<void> {
  for (;;) {
    try {
      await checkVersion(url);
      return await migrate(url);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw databaseFault(error, url);
      onWait(databaseFault(error, url));
      await pause(DATABASE_RETRY_MS, undefined, { signal });
    }
  }
}
