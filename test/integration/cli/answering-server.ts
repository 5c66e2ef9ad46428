import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** What one route does: an answer, or the bare response for what no well-behaved server would send. */
export type Route = (request: SeenRequest, response: ServerResponse) => Answer | undefined;

export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly contentType?: string;
  readonly text?: string;
}

/** A real HTTP server that answers as the control plane would, and records its requests. */
export class AnsweringServer {
  readonly requests: SeenRequest[] = [];
  private readonly routes = new Map<string, Route>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.handle(request, response));
  }

  static async start(): Promise<AnsweringServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AnsweringServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** `on('GET /v1/networks', ...)`; with the path as it is sent. */
  on(route: string, answer: Route | Answer): this {
    this.routes.set(route, typeof answer === 'function' ? answer : () => answer);
    return this;
  }

  forget(): void {
    this.requests.length = 0;
    this.routes.clear();
  }

  writes(): readonly SeenRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://server');
    const text = Buffer.concat(chunks).toString('utf8');
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.requests.push(seen);
    const route = this.routes.get(`${seen.method} ${seen.path}`);
    const answer =
      route === undefined ? problem(404, 'ROUTE_NOT_FOUND', `no route ${seen.path}`) : route(seen, response);
    if (answer === undefined) return;
    const body = answer.text ?? (answer.json === undefined ? '' : JSON.stringify(answer.json));
    response.writeHead(answer.status ?? 200, {
      'content-type': answer.contentType ?? 'application/json; charset=utf-8',
    });
    response.end(body);
  }
}

/** RFC 9457, as the control plane writes it. */
export function problem(status: number, code: string, detail: string, remedy: string | null = null): Answer {
  return {
    status,
    contentType: 'application/problem+json; charset=utf-8',
    json: { type: `urn:gstacks:problem:${code}`, title: 'Refused', status, detail, code, remedy, requestId: 'r-1' },
  };
}
