import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';

export const NODE_ID = 'laptop-0a1b2c3d4e';

export const joined: JoinedNetworkState = {
  network: 'dev',
  nodeId: NODE_ID,
  user: 'ada',
  state: 'joined',
  lastContactAt: '2026-01-02T03:04:05.000Z',
  code: null,
  message: null,
  remedy: null,
  bus: 'connected',
  mesh: 'joined',
  version: 4,
  newerVersion: null,
  expiresAt: '2026-01-02T03:14:05.000Z',
  reachable: ['api:8080'],
  forwards: [],
};

/** A background node that has joined networks, reports about them what the test sets, and leaves on request. */
export async function answeringNode(socket: string, networks: readonly object[]): Promise<Server> {
  await mkdir(dirname(socket), { recursive: true });
  let present = networks;
  const server = createServer((connection) => {
    connection.setEncoding('utf8').once('data', (line: string) => {
      const { kind } = JSON.parse(line) as { kind: string };
      const changed = kind === 'leave' && present.length > 0;
      if (kind === 'leave') present = [];
      const state = { pid: process.pid, url: 'http://control-plane', networks: present };
      connection.end(`${JSON.stringify({ ok: true, changed, state })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}
