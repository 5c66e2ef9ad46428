import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Endpoint } from '#libs/data-plane/dns/endpoint.js';
import { portUnusable } from '#libs/program/port-owner.js';
import { SETTINGS } from '../foundation/settings-list.js';

const HEADERS_WITHIN_MS = 5_000;
const MOST_CONNECTIONS = 16;

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `GET /metrics` only. Error: PortUnusableError. */
export async function serveMetrics({ address, port }: Endpoint, registry: Registry): Promise<MetricsServer> {
  const server = createServer(
    { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: HEADERS_WITHIN_MS },
    (request, response) => {
      if (request.url !== '/metrics' || request.method !== 'GET') {
        response.writeHead(404).end('this server answers only GET /metrics\n');
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(`the metrics cannot be read: ${String(error)}\n`),
      );
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw await portUnusable({ host: address, port }, SETTINGS.metricsListen.variable, error);
  }
  return { port: (server.address() as AddressInfo).port, close: () => ended(server) };
}

async function ended(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
