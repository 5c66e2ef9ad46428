import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import { CLONE } from '#test/support/clone.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { agent, agentIdentity, flowRequest, TestStore } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { startHaproxyPair } from './haproxy-pair.js';
import type { Open } from './measures.js';
import type { TargetPlaces, TargetPlan } from './target.js';
import { type TransportPlan, transportOf } from './transports.js';

/** The compared paths to the same target, in another process. */
export interface Paths {
  readonly direct: Open;
  readonly tsnet: Open;
  readonly tcp: Open;
  /** null: HAProxy is not installed. */
  readonly haproxy: Open | null;
  close(): Promise<void>;
}

export async function openPaths(): Promise<Paths> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await open(undo, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(undo: (() => unknown)[], close: () => Promise<void>): Promise<Paths> {
  const store = await TestStore.create('bench');
  const [source, target] = await Promise.all([
    store.credentials(agentIdentity('host-a')),
    store.credentials(agentIdentity('host-b')),
  ]);
  const binary = await obtainMeshProgram('mesh-node', CLONE, (line) => process.stderr.write(`${line}\n`));
  const folder = mkdtempSync(join(tmpdir(), 'gs-bench-mesh-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const control = await MeshFixture.start();
  undo.push(() => control.stop());
  const plans = async (hostname: string): Promise<readonly TransportPlan[]> => [
    { kind: 'direct' },
    {
      kind: 'tsnet',
      binary,
      controlUrl: control.controlUrl,
      key: await control.mintKey(),
      hostname,
      stateFolder: join(folder, hostname),
    },
  ];
  const child = fork(fileURLToPath(new URL('./target.js', import.meta.url)));
  undo.push(() => ended(child));
  child.send({ credentials: target, transports: await plans('host-b') } satisfies TargetPlan);
  const [{ endpoints, port }] = (await once(child, 'message')) as [TargetPlaces];
  const nodes = await Promise.all(
    (await plans('host-a')).map((plan) =>
      startMeshMember({ credentials: source, transport: transportOf(plan), log: () => undefined }),
    ),
  );
  undo.push(() => Promise.all(nodes.map((node) => node.close())));
  await waitFor('both have joined', () => nodes.every((node) => node.status().state === 'joined'), 30_000);
  for (const [index, node] of nodes.entries()) {
    node.setPeers([{ agentId: agent('host-b'), endpoints: endpoints[index] ?? [], keyThumbprint: null }]);
  }
  const [direct, tsnet] = nodes.map(
    (node: StartedMeshMember): Open =>
      () =>
        node.open(agent('host-b'), flowRequest(), new AbortController().signal),
  );
  if (direct === undefined || tsnet === undefined) throw new TypeError('two transports were planned');
  const pair = await startHaproxyPair(source, target, port);
  if (pair !== null) undo.push(() => pair.close());
  return {
    direct,
    tsnet,
    tcp: () => connected(port),
    haproxy: pair === null ? null : () => connected(pair.port),
    close,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

function connected(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}
