import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CodedError } from '#libs/contracts/errors.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { agent as agentId, agentIdentity, flowRequest, localIdentity, peerNamed } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';

const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
/** The session is accepted; the refusal comes from the policy of a network that the agent does not hold. */
const TAKEN = 'NETWORK_UNKNOWN';
const REFUSED = 'PEER_REFUSED_SESSION';

describe('an agent takes sessions of those alone whom the control plane names', function () {
  this.timeout(60_000);
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  const nodes: StartedMeshMember[] = [];

  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
    });
    agent.setSandboxes([]);
  });

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    await agent.remove();
    await plane.close();
  });

  /** The agent's listen address once it has started. */
  async function started(): Promise<readonly string[]> {
    const from = agent.log.length;
    agent.start();
    return (await agent.logged('joined the mesh', from)).endpoints as readonly string[];
  }

  async function peer(identity: MeshIdentity): Promise<StartedMeshMember> {
    const credentials = await plane.meshCredentials(identity);
    const transport = directTransport({ listen: '127.0.0.1:0' });
    const node = await startMeshMember({ credentials, transport, listens: false, log: () => {} });
    nodes.push(node);
    return node;
  }

  /** The outcome of a flow that the node asks for, with a source that it may name, once the agent accepts flows. */
  async function asked(node: StartedMeshMember, endpoints: readonly string[], source = flowRequest().source) {
    node.setPeers([peerNamed('host-a', endpoints)]);
    const open = (): Promise<string> =>
      node.open(agentId('host-a'), flowRequest({ source, version: 0 }), AbortSignal.timeout(20_000)).then(
        () => 'OPENED',
        (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
      );
    return waitFor('the agent takes flows', async () => {
      const outcome = await open();
      return outcome !== 'MESH_NOT_READY' && outcome;
    });
  }

  it('agents, also after a restart without the control plane', async () => {
    const hostB = await peer(agentIdentity('host-b'));
    const endpoints = await started();
    expect(await asked(hostB, endpoints)).to.equal(REFUSED);

    plane.peers.set(agentId('host-b'), peerNamed('host-b'));
    await waitFor('it is named', async () => (await asked(hostB, endpoints)) === TAKEN, 20_000);
    await kept('peers', 'host-b', true);
    await agent.end('SIGKILL');
    await plane.nats.kill();
    expect(await asked(hostB, await started())).to.equal(TAKEN);
    expect(await asked(await peer(agentIdentity('host-c')), await again())).to.equal(REFUSED);

    await plane.nats.start();
    plane.peers.delete(agentId('host-b'));
    await waitFor('it is not named any more', async () => (await asked(hostB, await again())) === REFUSED, 20_000);
    await kept('peers', 'host-b', false);
    await agent.end('SIGKILL');
    await plane.nats.kill();
    expect(await asked(hostB, await started())).to.equal(REFUSED);
  });

  it('local nodes, also after a restart without the control plane', async () => {
    const alice = localIdentity('alice', 'laptop');
    const laptop = await peer(alice);
    const endpoints = await started();
    expect(await asked(laptop, endpoints, alice)).to.equal(REFUSED);

    plane.localNodes = [{ nodeId: alice.node, user: alice.user, networkId: flowRequest().networkId }];
    await waitFor('it is named', async () => (await asked(laptop, endpoints, alice)) === TAKEN, 20_000);
    await kept('local-nodes', 'laptop', true);
    await agent.end('SIGKILL');
    await plane.nats.kill();
    expect(await asked(laptop, await started(), alice)).to.equal(TAKEN);
    const desk = localIdentity('alice', 'desk');
    expect(await asked(await peer(desk), await again(), desk)).to.equal(REFUSED);

    await plane.nats.start();
    plane.localNodes = [];
    await waitFor(
      'it is not named any more',
      async () => (await asked(laptop, await again(), alice)) === REFUSED,
      20_000,
    );
    await kept('local-nodes', 'laptop', false);
    await agent.end('SIGKILL');
    await plane.nats.kill();
    expect(await asked(laptop, await started(), alice)).to.equal(REFUSED);
  });

  /** Resolves when the list on disk, which is written after the mesh applies it, contains the peer, or does not. */
  function kept(list: string, name: string, isNamed: boolean): Promise<unknown> {
    const file = join(agent.stateFolder, `${list}.json`);
    return waitFor('the list is kept', () => readFileSync(file, 'utf8').includes(`"${name}"`) === isNamed);
  }

  /** Its listen address since its last start. */
  async function again(): Promise<readonly string[]> {
    const line = agent.log.findLast(({ message }) => message === 'joined the mesh');
    return (line?.endpoints ?? []) as readonly string[];
  }
});
