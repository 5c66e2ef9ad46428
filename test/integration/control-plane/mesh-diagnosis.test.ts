import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';
import { freePort } from '#test/support/ports.js';
import { API_TOKEN, StubControlServer } from '../mesh-keys/stub-control-server.js';
import type { ApiAnswer } from './api.js';
import { tokenFor } from './joining.js';
import { MeshRig } from './mesh-rig.js';
import { TestControlPlane } from './setup.js';

const checksOf = ({ body }: ApiAnswer): readonly MeshCheckDto[] => body.checks as readonly MeshCheckDto[];
const outcomes = (answer: ApiAnswer): readonly string[] =>
  checksOf(answer).map(({ code, status, cause }) => [code, status, ...(cause === null ? [] : [cause])].join(' '));

const diagnose = (controlPlane: TestControlPlane): Promise<ApiAnswer> =>
  controlPlane.call('POST', '/v1/mesh/diagnosis');

async function withMesh(
  environment: Record<string, string>,
  look: (controlPlane: TestControlPlane) => Promise<void>,
): Promise<void> {
  const controlPlane = await TestControlPlane.start(environment);
  try {
    await look(controlPlane);
  } finally {
    await controlPlane.end();
  }
}

for (const kind of ['headscale', 'tailscale'] as const) {
  describe(`the diagnosis of a mesh by ${kind}`, () => {
    let rig: MeshRig;

    before(async () => {
      rig = await MeshRig.start(kind);
    });
    after(() => rig.end());
    afterEach(() => rig.stub.comeBack());

    it('passes where all is well, and leaves no key behind', async () => {
      const agent = await rig.controlPlane.agent('host-a');
      const mesh = { transport: 'tsnet', state: 'joined', code: null, message: null, endpoints: ['100.64.0.1:1'] };
      await agent.contact('heartbeat', { mesh });
      const answer = await diagnose(rig.controlPlane);
      expect(answer.status, answer.text).to.equal(200);
      expect(outcomes(answer)).to.deep.equal([
        'MESH_CONFIGURED pass',
        'CONTROL_SERVER_ANSWERS pass',
        'KEY_SOURCE pass',
        'TOKEN_MAY_MINT pass',
        'AGENTS_JOINED pass',
      ]);
      expect(answer.body).to.include({ meshTransport: 'tsnet', meshControlUrl: rig.stub.url });
      expect(checksOf(answer)[2]?.evidence.toLowerCase()).to.include(kind);
      expect(rig.stub.keys.map(({ isEphemeral }) => isEphemeral)).to.deep.equal([false, true]);
      expect(rig.stub.open()).to.deep.equal([]);
      for (const { key } of rig.stub.keys) expect(answer.text).to.not.include(key);
      expect(answer.text).to.not.include(API_TOKEN);
    });

    it('names the agents that are out, and why', async () => {
      const agent = await rig.controlPlane.agent('host-b');
      const message = 'authkey already used';
      const mesh = { transport: 'tsnet', state: 'failed', code: 'MESH_KEY_USED', message, endpoints: [] };
      await agent.contact('heartbeat', { mesh });
      const check = checksOf(await diagnose(rig.controlPlane)).at(-1);
      expect(check).to.deep.include({ code: 'AGENTS_JOINED', status: 'fail', cause: 'MESH_KEY_USED' });
      expect(check?.evidence).to.equal('host-b failed MESH_KEY_USED (authkey already used)');
      expect(check?.remedy).to.include('unset GLOBALSTACKS_MESH_AUTH_KEY at the agent host-b');
      await rig.controlPlane.call('DELETE', '/v1/agents/host-b');
    });

    it('tells a control server that is away from one whose API is', async () => {
      await diagnose(rig.controlPlane);
      rig.stub.goAway();
      const [, control, , mint] = outcomes(await diagnose(rig.controlPlane));
      expect(control).to.equal('CONTROL_SERVER_ANSWERS fail MESH_CONTROL_UNREACHABLE');
      expect(mint).to.equal('TOKEN_MAY_MINT fail MESH_API_UNREACHABLE');
    });

    it('is for admins', async () => {
      const { as } = await tokenFor(rig.controlPlane, 'ada');
      const answer = await rig.controlPlane.call('POST', '/v1/mesh/diagnosis', undefined, { ...as });
      expect([answer.status, answer.body.code]).to.deep.equal([403, 'FORBIDDEN']);
    });
  });
}

describe('the diagnosis of a mesh that is not complete', () => {
  let stub: StubControlServer;

  before(async () => {
    stub = await StubControlServer.start('headscale');
  });
  after(() => stub.close());

  const given = (environment: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(environment).map(([name, value]) => [`GLOBALSTACKS_MESH_${name}`, value]));

  const rows: readonly (readonly [string, () => Record<string, string>, readonly string[], string | null])[] = [
    [
      'with no mesh at all',
      () => ({}),
      ['fail MESH_NOT_CONFIGURED', 'skipped', 'skipped', 'skipped', 'skipped'],
      'GLOBALSTACKS_MESH_CONTROL_URL',
    ],
    ['of a direct mesh', () => ({ TRANSPORT: 'direct' }), ['pass', 'skipped', 'skipped', 'skipped', 'skipped'], null],
    [
      'without a source of keys',
      () => ({ CONTROL_URL: stub.url }),
      ['pass', 'pass', 'fail MESH_KEY_SOURCE_MISSING', 'skipped', 'skipped'],
      'GLOBALSTACKS_MESH_API_URL',
    ],
    [
      'without a token',
      () => ({ CONTROL_URL: stub.url, API_URL: stub.url }),
      ['pass', 'pass', 'fail MESH_KEY_SOURCE_MISSING', 'skipped', 'skipped'],
      'GLOBALSTACKS_MESH_API_TOKEN',
    ],
    [
      'with a key made before',
      () => ({ CONTROL_URL: stub.url, AUTH_KEY: 'hskey-auth-secret' }),
      ['pass', 'pass', 'pass', 'skipped', 'skipped'],
      null,
    ],
    [
      'with a token that is not taken',
      () => ({ CONTROL_URL: stub.url, API_URL: stub.url, API_TOKEN: 'wrong-secret' }),
      ['pass', 'pass', 'fail MESH_API_UNAUTHORISED', 'skipped', 'skipped'],
      'headscale apikeys create',
    ],
    [
      'with a token that may not mint for this user',
      () => ({ CONTROL_URL: stub.url, API_URL: stub.url, API_TOKEN, USER: 'nobody' }),
      ['pass', 'pass', 'pass', 'fail MESH_USER_UNKNOWN', 'skipped'],
      'headscale users list',
    ],
    [
      'with an API that is none',
      () => ({ CONTROL_URL: stub.url, API_URL: `${stub.url}/elsewhere`, API_TOKEN }),
      ['pass', 'pass', 'fail MESH_API_UNREADABLE', 'skipped', 'skipped'],
      'GLOBALSTACKS_MESH_API_URL',
    ],
    [
      'with a control URL that leads elsewhere',
      () => ({ CONTROL_URL: `${stub.url}/api`, API_URL: stub.url, API_TOKEN }),
      ['pass', 'fail MESH_CONTROL_INVALID', 'pass', 'pass', 'skipped'],
      'GLOBALSTACKS_MESH_CONTROL_URL',
    ],
  ];
  for (const [what, environment, expected, remedy] of rows) {
    it(what, () =>
      withMesh(given(environment()), async (controlPlane) => {
        const answer = await diagnose(controlPlane);
        const codes = ['MESH_CONFIGURED', 'CONTROL_SERVER_ANSWERS', 'KEY_SOURCE', 'TOKEN_MAY_MINT', 'AGENTS_JOINED'];
        expect(outcomes(answer)).to.deep.equal(codes.map((code, index) => `${code} ${expected[index]}`));
        const failure = checksOf(answer).find(({ status }) => status === 'fail');
        if (remedy === null) expect(failure).to.equal(undefined);
        else expect(failure?.remedy).to.include(remedy);
        expect(answer.text).to.not.include('secret');
      }),
    );
  }

  it('follows no redirect, and reads no answer without an end', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (asked.length === 1) return void response.writeHead(302, { location: stub.url }).end();
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const CONTROL_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await withMesh(given({ CONTROL_URL, AUTH_KEY: 'k' }), async (controlPlane) => {
      const before = stub.requests.length;
      for (let time = 0; time < 2; time += 1) {
        const [, control] = outcomes(await diagnose(controlPlane));
        expect(control).to.equal('CONTROL_SERVER_ANSWERS fail MESH_CONTROL_INVALID');
      }
      expect(stub.requests).to.have.length(before);
    });
    expect(asked).to.deep.equal(['/key?v=130', '/key?v=130']);
    server.closeAllConnections();
    server.close();
  });

  it('says that nothing listens', async () => {
    const CONTROL_URL = `http://127.0.0.1:${await freePort()}`;
    await withMesh(given({ CONTROL_URL, AUTH_KEY: 'k' }), async (controlPlane) => {
      const control = checksOf(await diagnose(controlPlane))[1];
      expect(control).to.include({ status: 'fail', cause: 'MESH_CONTROL_UNREACHABLE' });
      expect(control?.evidence).to.include('ECONNREFUSED');
    });
  });
});
