import { createServer, type IncomingMessage } from 'node:http';
import { CodedError } from '#libs/contracts/errors.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { takeLock } from '#libs/program/lock.js';
import { listenAsOwner } from '#libs/program/owned-socket.js';
import { type LinkEntry, parseLink } from './link-entry.js';

export interface LinkApiPorts {
  links(): readonly LinkEntry[];
  /** Resolves when the link is served; rejects with the reason if it cannot be, and then it is not kept. */
  put(entry: LinkEntry): Promise<void>;
  /** Resolves when nothing is left of the link. False: there was no such link. */
  remove(sandboxId: SandboxId): Promise<boolean>;
}

/** Another agent serves its local API on this socket. */
export class LinkSocketInUseError extends CodedError {}

export interface LinkApi {
  close(): void;
}

/** The request to the local API is invalid. */
class RequestError extends CodedError {
  constructor(
    readonly status: number,
    code: string,
    message: string,
    remedy: string,
  ) {
    super(code, message, remedy);
  }
}

const MOST_BYTES = 4_096;
const LINK_PATH = /^\/v1\/links\/([^/?]+)$/;

/**
 * The agent's local API for runtimes that start many guests: `PUT` and `DELETE /v1/links/<sandbox-id>`, and `GET
 * /v1/links`, on a unix socket that only its owner may open. Errors: LinkSocketInUseError, and those of listenAsOwner.
 */
export async function serveLinkApi(path: string, ports: LinkApiPorts): Promise<LinkApi> {
  const attempt = takeLock(path);
  if (attempt.kind === 'held') {
    const owner = attempt.pid === null ? 'another agent' : `another agent (pid ${attempt.pid})`;
    const remedy = 'stop that agent, or set GLOBALSTACKS_AGENT_LINK_SOCKET to another path';
    throw new LinkSocketInUseError('LINK_SOCKET_IN_USE', `${path} is used by ${owner}`, remedy);
  }
  const { lock } = attempt;
  const server = createServer((request, response) => {
    answer(request, ports).then(
      ([status, body]) => {
        if (body === null) response.writeHead(status).end();
        else response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
      },
      (error: unknown) => {
        const [status, problem] = problemOf(error);
        response.writeHead(status, { 'content-type': 'application/problem+json' }).end(`${JSON.stringify(problem)}\n`);
      },
    );
  });
  const socket = await listenAsOwner(server, path, lock).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  return {
    close() {
      socket.close();
      server.closeAllConnections();
      lock.release();
    },
  };
}

async function answer(request: IncomingMessage, ports: LinkApiPorts): Promise<readonly [number, unknown]> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === '/v1/links') return [200, { items: ports.links().map(linkDto) }];
  const [, encoded] = LINK_PATH.exec(url) ?? [];
  if (encoded === undefined || (method !== 'PUT' && method !== 'DELETE')) {
    const known = 'PUT and DELETE /v1/links/<sandbox-id>, GET /v1/links';
    throw new RequestError(404, 'ROUTE_NOT_FOUND', `there is no ${method} ${url.slice(0, 200)}`, `use ${known}`);
  }
  const sandboxId = parseSandboxId(decoded(encoded), 'sandbox-id');
  if (method === 'DELETE') {
    if (await ports.remove(sandboxId)) return [204, null];
    throw new RequestError(
      404,
      'LINK_NOT_FOUND',
      `sandbox ${sandboxId} has no link at this agent`,
      'see GET /v1/links',
    );
  }
  const entry = parseLink(await bodyOf(request), 'body', sandboxId);
  await ports.put(entry);
  return [200, linkDto(entry)];
}

function linkDto({ sandboxId, link, address }: LinkEntry) {
  return { id: sandboxId, interface: link, address };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new RequestError(
        413,
        'BODY_TOO_LARGE',
        `a body of more than ${MOST_BYTES} bytes`,
        'send only the link: {"interface": …, "address": …}',
      );
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new RequestError(400, 'MALFORMED_REQUEST', 'the body is not JSON', 'send {"interface": …, "address": …}');
  }
}

/** RFC 9457. */
function problemOf(error: unknown): readonly [number, object] {
  const coded = error instanceof CodedError ? error : new CodedError('INTERNAL', String(error));
  const known = error instanceof RequestError ? error.status : error instanceof CodedError ? 409 : 500;
  const status = coded.code === 'INVALID_INPUT' ? 400 : known;
  return [status, { status, code: coded.code, detail: coded.message, remedy: coded.remedy }];
}
