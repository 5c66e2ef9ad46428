import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { backgroundPid } from '#test/support/background-node.js';
import { childrenOf } from '#test/support/child-processes.js';
import type { MeshFixture } from '#test/support/mesh-fixture.js';
import { freePort } from '#test/support/ports.js';
import { curl, expectReset, hold } from '#test/support/sandboxes.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, ran, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const API = 'http://api.dev.gstacks:8080';
/** From the fault until every place shows a status with a code. */
const TOLD_WITHIN_MS = 5_000;
/** A mesh-node that was refused is restarted within five seconds, and its control server may be slow. */
const BACK_WITHIN_MS = 20_000;

interface AgentMesh {
  readonly id: string;
  readonly mesh: { readonly state: string; readonly code: string | null } | null;
}

describe('faults of a tsnet mesh', function () {
  this.timeout(90_000);
  let stack: RunningStack;
  let control: MeshFixture;

  before(async function () {
    this.timeout(180_000);
    stack = await startStack({ sandboxes: 'netns', mesh: 'tsnet', env: { GLOBALSTACKS_LOG_LEVEL: 'info' } });
    if (stack.fixture === null) throw new Error('a stack over tsnet has a control server');
    control = stack.fixture;
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    for (const from of ['web', 'local']) {
      await allow(stack, 'dev', from, 'api', 8_080);
    }
  });

  afterEach(async () => {
    await control.mintKeysThatAre('valid');
    await control.setUp(true);
    await stack.gstacks('mesh', 'leave', 'dev');
  });

  after(async () => {
    await stack?.remove();
  });

  async function meshOf(agent: string): Promise<AgentMesh['mesh']> {
    const { items } = (await stack.json(['agent', 'list'])) as { readonly items: readonly AgentMesh[] };
    return items.find(({ id }) => id === agent)?.mesh ?? null;
  }

  /** In the answer to `network status`, in its table, and in the agent's log since `from`. */
  async function toldOfAgent(agent: string, code: string, from: number): Promise<void> {
    await waitFor(`${agent} is seen with ${code}`, async () => (await meshOf(agent))?.code === code, TOLD_WITHIN_MS);
    expect((await stack.gstacks('network', 'status', 'dev')).stdout).to.contain(code);
    expect(stack.log(`agent-${agent}`).slice(from)).to.contain(`"code":"${code}"`);
  }

  async function joinedAgain(agent: string): Promise<void> {
    await waitFor(
      `${agent} has joined again`,
      async () => {
        const mesh = await meshOf(agent);
        return mesh?.state === 'joined' && mesh.code === null;
      },
      BACK_WITHIN_MS,
    );
  }

  const answers = async (): Promise<boolean> =>
    (await curl(stack, 'sbx-web', `${API}/`)).stdout === '{"sandbox":"sbx-api"}\n';

  async function localNode(): Promise<JoinedNetworkState> {
    const { stdout } = await stack.gstacks('mesh', 'status', '--json');
    const [network] = (JSON.parse(stdout) as { readonly networks: readonly JoinedNetworkState[] }).networks;
    if (network === undefined) throw new Error('nothing is joined');
    return network;
  }

  async function deleteNodeOf(agent: string): Promise<void> {
    const node = (await control.nodes()).find(({ name }) => name.startsWith(`gs-agent-${agent}`));
    if (node === undefined) throw new Error(`${agent} has no node`);
    await control.deleteNode(node.id);
  }

  for (const [kind, code] of [
    ['invalid', 'MESH_KEY_INVALID'],
    ['expired', 'MESH_KEY_EXPIRED'],
    ['used', 'MESH_KEY_USED'],
  ] as const) {
    it(`an agent whose new key is ${kind} says so, and joins by itself once keys are good`, async () => {
      const from = stack.log('agent-host-a').length;
      await control.mintKeysThatAre(kind);
      await deleteNodeOf('host-a');
      await toldOfAgent('host-a', code, from);
      expectReset(await curl(stack, 'sbx-web', `${API}/`));
      await control.mintKeysThatAre('valid');
      await joinedAgain('host-a');
      await waitFor('it answers', answers);
    });

    it(`a local node whose key is ${kind} says so, and joins by itself once keys are good`, async () => {
      await control.mintKeysThatAre(kind);
      const joined = await stack.gstacks('mesh', 'join', 'dev');
      expect(joined.code, joined.stdout + joined.stderr).to.equal(4);
      expect(joined.stdout + joined.stderr).to.contain(code);
      const status = await stack.gstacks('mesh', 'status');
      expect(status.stdout + status.stderr).to.contain(code);
      await waitFor(
        'network status tells it',
        async () => (await stack.gstacks('network', 'status', 'dev')).stdout.includes(code),
        TOLD_WITHIN_MS,
      );
      await control.mintKeysThatAre('valid');
      await waitFor('it has joined', async () => (await localNode()).mesh === 'joined', BACK_WITHIN_MS);
      expect((await localNode()).code).to.equal(null);
    });
  }

  it('a control server that goes away is told of; known peers go on, and its return is told too', async () => {
    const from = stack.log('agent-host-a').length;
    await control.setUp(false);
    await toldOfAgent('host-a', 'MESH_CONTROL_UNREACHABLE', from);
    expect((await meshOf('host-a'))?.state).to.equal('joined');
    expect(await answers()).to.equal(true);
    await control.setUp(true);
    await joinedAgain('host-a');
  });

  it('a control server that is away when a local node joins is told of, and the node joins when it is there', async () => {
    await control.setUp(false);
    const joined = await stack.gstacks('mesh', 'join', 'dev');
    expect(joined.stdout + joined.stderr).to.match(/MESH_(CONTROL|API)_UNREACHABLE/);
    await control.setUp(true);
    await waitFor('it has joined', async () => (await localNode()).mesh === 'joined', BACK_WITHIN_MS);
  });

  it('a mesh-node that is killed is started again, and open connections are reset', async () => {
    await joinedAgain('host-b');
    const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
    const from = stack.log('agent-host-b').length;
    for (const pid of childrenOf(stack.pid('agent-host-b'), 'mesh-node')) process.kill(pid, 'SIGKILL');
    if (held !== undefined) expectReset(await held.ended);
    await waitFor('the log tells it', () => stack.log('agent-host-b').slice(from).includes('MESH_NODE_ENDED'), 5_000);
    await joinedAgain('host-b');
    await waitFor('it answers', answers);
  });

  it('a peer that falls silent is found by its heartbeat within 10 s, and its flows are reset', async () => {
    const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
    const agent = stack.pid('agent-host-b');
    const stopped = [agent, ...childrenOf(agent, 'mesh-node')];
    await stopProcesses(...stopped);
    const began = performance.now();
    try {
      if (held !== undefined) expectReset(await held.ended);
      expect(performance.now() - began).to.be.lessThan(10_000);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    await waitFor('it answers', answers, BACK_WITHIN_MS);
  });

  it('a local node that is revoked is deleted at the control server, also when it cannot leave by itself', async () => {
    expect((await stack.gstacks('mesh', 'join', 'dev')).code).to.equal(0);
    const { nodeId } = await localNode();
    const isThere = async (): Promise<boolean> =>
      (await control.nodes()).some(({ name }) => name.startsWith(`gs-local-${nodeId}`));
    expect(await isThere()).to.equal(true);
    // An ephemeral node that is told of its revocation logs out by itself.
    const background = await backgroundPid(stack);
    const stopped = [background, ...childrenOf(background, 'mesh-node')];
    await stopProcesses(...stopped);
    try {
      const revoked = await stack.gstacks('mesh', 'revoke', nodeId);
      expect(revoked.code, revoked.stderr).to.equal(0);
      expect(await isThere()).to.equal(false);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
  });
});

describe('a wrong control URL', function () {
  this.timeout(180_000);

  it('has its code at once, and agents join when there is a control server', async () => {
    const port = await freePort();
    const control = `http://127.0.0.1:${port}`;
    const stack = await startStack({
      sandboxes: 'static',
      mesh: 'tsnet',
      env: { GLOBALSTACKS_MESH_CONTROL_URL: control, GLOBALSTACKS_LOG_LEVEL: 'info' },
    });
    let server: Server | null = null;
    try {
      expect(stack.output()).to.contain('MESH_CONTROL_UNREACHABLE').and.contain('gstacks mesh doctor');
      const list = await ran('sh', ['-c', `GLOBALSTACKS_HOME=${stack.home} bin/gstacks agent list`]);
      expect(list.stdout).to.contain('MESH_CONTROL_UNREACHABLE');
      server = relay(port, new URL(stack.fixture?.controlUrl ?? ''));
      await waitFor(
        'all agents have joined',
        async () => {
          const { items } = (await stack.json(['agent', 'list'])) as { readonly items: readonly AgentMesh[] };
          return items.every(({ mesh }) => mesh?.state === 'joined');
        },
        BACK_WITHIN_MS,
      );
    } finally {
      await stack.remove();
      server?.close();
    }
  });
});

/** The missing part of the port: everything that arrives there goes to the control server. */
function relay(port: number, to: URL): Server {
  return createServer((near) => {
    const far: Socket = connect(Number(to.port), to.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
    }
  }).listen(port, '127.0.0.1');
}
