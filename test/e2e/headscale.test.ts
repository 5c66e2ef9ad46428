import { join } from 'node:path';
import { expect } from 'chai';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { backgroundPid } from '#test/support/background-node.js';
import { childrenOf } from '#test/support/child-processes.js';
import { CLONE } from '#test/support/clone.js';
import { headscaleBinary, NEEDS_HEADSCALE, type RunningHeadscale, startHeadscale } from '#test/support/headscale.js';
import { freePort } from '#test/support/ports.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type Ran, type RunningStack, ran, run, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const API = '{"sandbox":"sbx-api"}\n';
/** Nodes of a real control server take some seconds to find their relay. */
const JOINED_WITHIN_MS = 40_000;

interface HeadscaleNode {
  readonly id: number;
  readonly name: string;
  readonly online?: boolean;
}

interface HeadscaleKey {
  readonly used?: boolean;
  /** RFC 3339, or protobuf's time format, which the commands of some releases print. */
  readonly expiration: string | { readonly seconds: number };
}

function endOf({ expiration }: HeadscaleKey): number {
  return typeof expiration === 'string' ? Date.parse(expiration) : expiration.seconds * 1_000;
}

describe(`the mesh of a real Headscale ${NEEDS_HEADSCALE}`, function () {
  this.timeout(120_000);
  let headscale: RunningHeadscale;
  let stack: RunningStack;
  let trust: Readonly<Record<string, string>>;
  let port: number;

  before(async function () {
    if (headscaleBinary() === null) return this.skip();
    this.timeout(240_000);
    headscale = await startHeadscale();
    await headscale.createUser('gstacks');
    trust = { SSL_CERT_FILE: headscale.caFile, NODE_EXTRA_CA_CERTS: headscale.caFile };
    stack = await startStack({
      sandboxes: 'static',
      env: {
        ...trust,
        GLOBALSTACKS_LOG_LEVEL: 'info',
        GLOBALSTACKS_MESH_CONTROL_URL: headscale.url,
        GLOBALSTACKS_MESH_API_URL: headscale.url,
        GLOBALSTACKS_MESH_API_TOKEN: headscale.apiToken,
        GLOBALSTACKS_MESH_USER: 'gstacks',
      },
    });
    port = await freePort();
    await makeNetwork(stack, 'dev', { 'sbx-api': 'api:8080' });
    await allow(stack, 'dev', 'local', 'api', 8_080);
  });
  after(async () => {
    await stack?.gstacks('mesh', 'leave', 'dev');
    await stack?.remove();
    await headscale?.remove();
  });

  /** A command on a machine that trusts the control server. */
  const gstacks = (...args: string[]): Promise<Ran> =>
    run(join(CLONE, 'bin', 'gstacks'), args, { ...trust, GLOBALSTACKS_HOME: stack.home }).ended;
  const nodes = async (): Promise<readonly HeadscaleNode[]> =>
    (await headscale.command('nodes', 'list')) as readonly HeadscaleNode[];
  const nodeCalled = async (name: string): Promise<HeadscaleNode | undefined> =>
    (await nodes()).find((node) => node.name === name);
  const curl = (): Promise<Ran> => ran('curl', ['-sS', '--max-time', '10', `http://127.0.0.1:${port}/`]);
  const answers = async (): Promise<boolean> => (await curl()).stdout === API;

  it('lets agents in with minted keys, each used by the one node it was made for', async () => {
    await waitFor(
      'both agents have joined',
      async () => (await stack.gstacks('agent', 'list')).stdout.match(/tsnet joined/g)?.length === 2,
      JOINED_WITHIN_MS,
    );
    expect((await nodes()).map(({ name }) => name)).to.have.members(['gs-agent-host-a', 'gs-agent-host-b']);
  });

  it('passes every check of mesh doctor, whose keys are expired again', async () => {
    const doctor = await gstacks('mesh', 'doctor');
    expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
    const keys = (await headscale.command('preauthkeys', 'list')) as readonly HeadscaleKey[];
    const unused = keys.filter(({ used }) => used !== true);
    expect(unused).to.have.length(2);
    for (const key of unused) expect(endOf(key)).to.be.at.most(Date.now());
  });

  it('lets a developer in: join, forward, and an answer', async () => {
    const joined = await gstacks('mesh', 'join', 'dev');
    expect(joined.code, joined.stdout + joined.stderr).to.be.oneOf([0, 5]);
    await waitFor(
      'this machine has joined',
      async () => (await gstacks('mesh', 'status')).stdout.match(/^dev +joined as/m) !== null,
      JOINED_WITHIN_MS,
    );
    expect((await gstacks('mesh', 'forward', 'dev', 'api:8080', '--local', String(port))).code).to.equal(0);
    await waitFor('it answers', answers, JOINED_WITHIN_MS);
  });

  it('takes a revoked node out of the control server', async () => {
    const status = JSON.parse((await gstacks('mesh', 'status', '--json')).stdout) as {
      readonly networks: readonly JoinedNetworkState[];
    };
    const nodeId = status.networks[0]?.nodeId ?? '';
    expect(await nodeCalled(`gs-local-${nodeId}`)).to.not.equal(undefined);
    // So that it cannot log out by itself.
    const background = await backgroundPid(stack);
    const stopped = [background, ...childrenOf(background, 'mesh-node')];
    await stopProcesses(...stopped);
    try {
      const revoked = await gstacks('mesh', 'revoke', nodeId);
      expect(revoked.code, revoked.stdout + revoked.stderr).to.equal(0);
      expect(await nodeCalled(`gs-local-${nodeId}`)).to.equal(undefined);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    expect((await curl()).stdout).to.equal('');
  });

  for (const [title, end] of [
    ['whose key is expired', (id: number) => headscale.command('nodes', 'expire', '--identifier', String(id))],
    ['that is deleted', (id: number) => headscale.command('nodes', 'delete', '--identifier', String(id))],
  ] as const) {
    it(`lets an agent ${title} at the control server come back with a new key`, async () => {
      const node = await nodeCalled('gs-agent-host-b');
      if (node === undefined) throw new Error('host-b has no node');
      const from = stack.log('agent-host-b').length;
      await end(node.id);
      await waitFor(
        'the agent says that its login is lost',
        () => stack.log('agent-host-b').slice(from).includes('MESH_LOGIN_LOST'),
        JOINED_WITHIN_MS,
      );
      await waitFor(
        'it has joined again',
        () => /joined the mesh/.test(stack.log('agent-host-b').slice(from)),
        JOINED_WITHIN_MS,
      );
    });
  }
});
