import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { portUnusable } from '#libs/program/port-owner.js';
import type { Listen } from '../foundation/settings.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { problemOf } from './problem.js';

const BODY_BYTES = 256 * 1_024;
/** A declaration at every bound of a network is about 3 MiB. */
const DECLARATION_BYTES = 4 * 1_024 * 1_024;
const TAKES_A_DECLARATION = /^\/v1\/networks\/:network\/declaration(\/preview)?$/;
const RECEIVE_WITHIN_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;
/** Longer than any id, so that its parser refuses a long one with a clear message. */
const PARAMETER_CHARACTERS = 1_024;

/** The parts of an answer that exist before the framework has a route. */
interface EarlyReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The HTTP server with its limits. Requests that it refuses before any route get problem documents too. */
export function httpAdapter(trustedProxies: readonly string[]): FastifyAdapter {
  return new FastifyAdapter({
    // Proxies whose X-Forwarded-For is believed; without any, the client is whoever connects.
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: BODY_BYTES,
    requestTimeout: RECEIVE_WITHIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Requests in progress are still answered.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    genReqId: () => randomUUID(),
    frameworkErrors: (error: unknown, request: { readonly id: string }, reply: EarlyReply) => {
      const problem = problemOf(error, request.id);
      reply.hijack();
      reply.raw.writeHead(problem.status, { 'content-type': 'application/problem+json; charset=utf-8' });
      reply.raw.end(JSON.stringify(problem));
    },
    clientErrorHandler: answerMalformed,
  });
}

/** How long the body of a route may be, in bytes; undefined: as of all others. For a hook on each route. */
export function bodyLimitOf(url: string): number | undefined {
  return TAKES_A_DECLARATION.test(url) ? DECLARATION_BYTES : undefined;
}

/** Answers bytes that are not HTTP with an HTTP error. */
function answerMalformed(error: Error, socket: Socket): void {
  if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
    socket.destroy();
    return;
  }
  const status = 'code' in error && error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const body = JSON.stringify({ ...problemOf({ statusCode: 400 }, randomUUID()), status, title: STATUS_CODES[status] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Accepts an empty body declared as JSON, which many clients send with each request. */
export function acceptEmptyJson(instance: FastifyInstance): void {
  const parse = instance.getDefaultJsonParser('error', 'error');
  instance.removeContentTypeParser('application/json');
  instance.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null);
    else parse(request, String(body), done);
  });
}

/** Listens on further addresses besides the one that the framework manages; resolves with all addresses. */
export async function listenOn(adapter: FastifyAdapter, more: readonly Listen[]): Promise<readonly Server[]> {
  const instance = adapter.getInstance();
  return Promise.all(
    more.map(
      ({ host, port }) =>
        new Promise<Server>((resolve, reject) => {
          const server = createServer((request, response) => instance.routing(request, response));
          server.requestTimeout = RECEIVE_WITHIN_MS;
          server.once('error', async (error) =>
            reject(await portUnusable({ host, port }, SETTINGS.httpListen.variable, error)),
          );
          server.listen(port, host, () => resolve(server));
        }),
    ),
  );
}

export function boundAddress(server: Server): Listen {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}
