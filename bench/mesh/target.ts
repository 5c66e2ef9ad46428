import { createServer } from 'node:net';
import { type MeshCredentials } from '#libs/mesh/flow.js';
import { startMeshMember } from '#libs/mesh/mesh-member.js';
import { agent } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { answer } from './requests.js';
import { type TransportPlan, transportOf } from './transports.js';

/**
 * The target's process: answers the same over both transports and over plain TCP, and tells its parent the addresses.
 */

export interface TargetPlan {
  readonly credentials: MeshCredentials;
  readonly transports: readonly TransportPlan[];
}

export interface TargetPlaces {
  /** In the order of the transports. */
  readonly endpoints: readonly (readonly string[])[];
  readonly port: number;
}

process.once('message', async ({ credentials, transports }: TargetPlan) => {
  const nodes = await Promise.all(
    transports.map((plan) => startMeshMember({ credentials, transport: transportOf(plan), log: () => undefined })),
  );
  for (const node of nodes) {
    node.setPeers([{ agentId: agent('host-a'), endpoints: [], keyThumbprint: null }]);
    node.onFlow((flow) => answer(flow.accept(flow.request.version)));
  }
  await waitFor('all have joined', () => nodes.every((node) => node.status().state === 'joined'), 30_000);
  const server = createServer({ noDelay: true, allowHalfOpen: true }, answer);
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    process.send?.({ endpoints: nodes.map(({ endpoints }) => endpoints), port } satisfies TargetPlaces);
  });
  process.once('disconnect', () => {
    void Promise.all(nodes.map((node) => node.close())).finally(() => process.exit(0));
  });
});
