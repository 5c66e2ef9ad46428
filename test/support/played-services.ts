import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { join, normalize } from 'node:path';
import { byteRelay } from './byte-relay.js';

/** Servers that real clients talk to: package indexes, git, an API that streams, a database. */
export interface ServicesRole {
  readonly address: string;
  /** `www/<host>/<path>` are files that are served by HTTP and HTTPS; `git/<owner>/<name>.git` repositories. */
  readonly folder: string;
  /** The database's address here, and a socket that leads to it. */
  readonly database: { readonly address: string; readonly socket: string };
}

export const STREAMED_EVENTS = 30;
const EVENT_EVERY_MS = 100;

/** `failed` is called if a server does not listen. */
export function playServices(
  role: ServicesRole,
  tls: { readonly cert: Buffer; readonly key: Buffer },
  failed: (error: Error) => void,
): void {
  const answer = (request: IncomingMessage, response: ServerResponse) => answerTo(role.folder, request, response);
  createHttpServer(answer).on('error', failed).listen(80, role.address);
  createHttpsServer(tls, answer).on('error', failed).listen(443, role.address);
  byteRelay(() => connect(role.database.socket))
    .on('error', failed)
    .listen(5432, role.database.address);
}

function answerTo(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const [host = ''] = (request.headers.host ?? '').split(':');
  if (host === 'api.example.com') {
    stream(request, response);
    return;
  }
  if (host === 'github.com') {
    gitBackend(folder, request, response);
    return;
  }
  const { pathname } = new URL(request.url ?? '/', 'http://any');
  const path = join(folder, 'www', host, normalize(decodeURIComponent(pathname)));
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path;
  if (!existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, file.endsWith('.html') ? { 'content-type': 'text/html' } : {}).end(readFileSync(file));
}

/** Each event contains the time at which it was sent. */
function stream(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let left = STREAMED_EVENTS;
  const next = setInterval(() => {
    left -= 1;
    response.write(`data: ${Date.now()}\n\n`);
    if (left === 0) response.end();
  }, EVENT_EVERY_MS);
  response.on('close', () => clearInterval(next));
}

/** Git's own server over HTTP, which is a CGI program (git-http-backend(1)). */
function gitBackend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://any');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: join(folder, 'git'),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const said = Buffer.concat(chunks);
    const end = said.indexOf('\r\n\r\n');
    const headers = said
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': '));
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers)).end(said.subarray(end + 4));
  });
}
