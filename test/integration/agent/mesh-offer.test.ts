import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { CLONE } from '#test/support/clone.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { agent as agentId, flowRequest, localIdentity, peerNamed } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';

const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
const ALICE = localIdentity('alice', 'laptop');
const JOINS_WITHIN_MS = 30_000;

describe('an agent that joins the mesh that the control plane offers', function () {
  this.timeout(120_000);
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  let control: MeshFixture;
  let meshNode: string;
  let peer: StartedMeshMember | null = null;

  before(async function () {
    this.timeout(300_000);
    meshNode = await obtainMeshProgram('mesh-node', CLONE, () => {});
    control = await MeshFixture.start();
  });
  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
      GLOBALSTACKS_MESH_TRANSPORT: '',
      GLOBALSTACKS_MESH_NODE: meshNode,
    });
    agent.setSandboxes([]);
  });
  afterEach(async () => {
    await peer?.close();
    peer = null;
    // An orderly end: mesh-node ends with the agent.
    await agent.end('SIGTERM');
    await agent.remove();
    await plane.close();
  });
  after(() => control?.stop());

  const offerOf = (fixture: MeshFixture) => ({
    controlUrl: fixture.controlUrl,
    mintKey: () => fixture.mintKey(),
  });
  const meshSaid = () => plane.heartbeats.at(-1)?.mesh ?? plane.hellos.at(-1)?.mesh;
  const says = (what: string, code: string | null, state: string): Promise<unknown> =>
    waitFor(what, () => meshSaid()?.state === state && meshSaid()?.code === code, JOINS_WITHIN_MS);

  it('asks at its start, whatever it was offered before: a home begun with direct gets the variables of tsnet', async () => {
    agent.set('GLOBALSTACKS_MESH_TRANSPORT', 'direct');
    agent.start();
    await says('it is in the direct mesh', null, 'joined');
    await agent.end('SIGTERM');
    expect(plane.renewed, 'a direct mesh is nobody else’s to offer').to.deep.equal([]);

    plane.heartbeats.length = 0;
    plane.offeredMesh = offerOf(control);
    agent.set('GLOBALSTACKS_MESH_TRANSPORT', '');
    agent.start();
    await waitFor('it is in the tailnet', () => isInTailnet(), JOINS_WITHIN_MS);
    expect(plane.renewed).to.deep.equal(['host-a']);
  });

  it('asks when contact is back, and goes on to take peers as if it had been there from its start', async () => {
    plane.localNodes = [{ nodeId: ALICE.node, user: ALICE.user, networkId: flowRequest().networkId }];
    agent.start();
    await says('it has no mesh', 'MESH_NOT_CONFIGURED', 'failed');
    await waitFor('it is in contact', () => plane.heartbeats.length > 0);
    expect(plane.renewed, 'it was offered none just now').to.deep.equal([]);

    plane.answersContact = false;
    await agent.logged('the control plane does not answer; serving the versions held');
    plane.offeredMesh = offerOf(control);
    plane.answersContact = true;
    await waitFor('it is in the tailnet', () => isInTailnet(), JOINS_WITHIN_MS);
    expect(await askedByPeer(), 'its policy answers, which has no such network').to.equal('NETWORK_UNKNOWN');

    // A control plane that was started without its variables takes nothing away.
    plane.offeredMesh = null;
    const renewals = plane.renewed.length;
    const from = agent.log.length;
    plane.epoch = { counter: 2, id: 'epoch-two' };
    await waitFor('it has new credentials', () => plane.renewed.length > renewals);
    await agent.logged('credentials renewed', from);
    const heartbeats = plane.heartbeats.length;
    await waitFor('it says how it is', () => plane.heartbeats.length > heartbeats);
    expect(isInTailnet()).to.equal(true);
  });

  function isInTailnet(): boolean {
    const mesh = meshSaid();
    return mesh?.transport === 'tsnet' && mesh.state === 'joined';
  }

  /** The outcome of a flow that a developer's machine asks for over the tailnet. */
  async function askedByPeer(): Promise<string> {
    const transport = tsnetTransport({
      binary: meshNode,
      controlUrl: control.controlUrl,
      hostname: 'laptop',
      stateFolder: join(agent.folder, 'peer'),
      isEphemeral: true,
      requestKey: () => control.mintKey(),
      log: () => {},
    });
    const credentials = await plane.meshCredentials(ALICE);
    const node = await startMeshMember({ credentials, transport, listens: false, log: () => {} });
    peer = node;
    node.setPeers([peerNamed('host-a', meshSaid()?.endpoints ?? [])]);
    const open = (): Promise<string> =>
      node.open(agentId('host-a'), flowRequest({ source: ALICE, version: 0 }), AbortSignal.timeout(20_000)).then(
        () => 'OPENED',
        (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
      );
    return waitFor(
      'the agent answers',
      async () => {
        const outcome = await open();
        return !['MESH_NOT_READY', 'PEER_UNREACHABLE'].includes(outcome) && outcome;
      },
      JOINS_WITHIN_MS,
    );
  }
});
