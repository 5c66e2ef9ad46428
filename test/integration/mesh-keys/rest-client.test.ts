import { expect } from 'chai';
import type { MintingSettings } from '#apps/control-plane/foundation/mesh-settings.js';
import { Secret } from '#apps/control-plane/foundation/secret.js';
import type { MeshControlServer } from '#apps/control-plane/mesh/control-server/control-server.js';
import { MeshApiError } from '#apps/control-plane/mesh/control-server/errors.js';
import { openControlServer } from '#apps/control-plane/mesh/control-server/open-control-server.js';
import { freePort } from '#test/support/ports.js';
import { API_TOKEN, StubControlServer } from './stub-control-server.js';

const keyRequest = () => ({
  isEphemeral: true,
  tag: 'tag:gstacks-local',
  description: 'gstacks local-node ada-laptop',
  expiresAt: new Date(Date.now() + 300_000),
});

function minting(url: string, changes: Partial<MintingSettings> = {}): MintingSettings {
  return { apiUrl: new URL(url), apiToken: new Secret(API_TOKEN), apiKind: null, user: null, ...changes };
}

const open = (settings: MintingSettings, options: { timeoutMs?: number; maxBytes?: number } = {}) =>
  openControlServer(settings, { now: () => new Date(), ...options });

/** The error's code; the error must not reveal the token, however it is printed. */
async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof MeshApiError)) throw error;
    expect(`${error.message} ${error.remedy} ${error.stack} ${JSON.stringify(error)}`).to.not.include(API_TOKEN);
    return error.code;
  }
  return 'nothing was thrown';
}

for (const kind of ['headscale', 'tailscale'] as const) {
  describe(`the mesh API, ${kind}`, () => {
    let stub: StubControlServer;
    let server: MeshControlServer;

    beforeEach(async () => {
      stub = await StubControlServer.start(kind);
      server = await open(minting(stub.url));
    });

    afterEach(() => stub.close());

    it('is recognised by what it answers', () => {
      expect(server.kind).to.equal(kind);
    });

    it('mints keys that work once, end soon, are tagged, and are ephemeral when asked for', async () => {
      const request = keyRequest();
      const minted = await server.mint(request);
      expect(Math.abs(minted.expiresAt.getTime() - request.expiresAt.getTime())).to.be.below(2_000);
      expect(stub.keys[0]).to.include({
        id: minted.id,
        key: minted.key.reveal(),
        isReusable: false,
        isEphemeral: true,
      });
      expect(stub.keys[0]?.tags).to.deep.equal(['tag:gstacks-local']);
      await server.mint({ ...keyRequest(), isEphemeral: false });
      expect(stub.keys[1]?.isEphemeral).to.equal(false);
    });

    it('ends a key, and one that is gone already', async () => {
      const { id } = await server.mint(keyRequest());
      await server.expireKey(id);
      expect(stub.open()).to.deep.equal([]);
      await server.expireKey('99');
    });

    it('tells a used key from one that waits', async () => {
      const { id, key } = await server.mint(keyRequest());
      expect(await server.isKeyUsed(id)).to.equal(false);
      stub.join(key.reveal(), 'laptop');
      expect(await server.isKeyUsed(id)).to.equal(true);
    });

    it('lists, expires and deletes nodes', async () => {
      const { id, key } = await server.mint(keyRequest());
      stub.join(key.reveal(), 'laptop');
      const [node] = await server.listNodes();
      expect(node).to.deep.include({
        name: 'laptop',
        addresses: ['100.64.0.1'],
        keyId: kind === 'headscale' ? id : null,
      });
      expect(Date.now() - (node?.joinedAt?.getTime() ?? 0)).to.be.within(0, 5_000);
      await server.expireNode('1');
      expect(await server.deleteNode('1')).to.equal(true);
      expect(await server.deleteNode('1')).to.equal(false);
      expect(await codeOf(() => server.expireNode('1'))).to.equal('MESH_NODE_UNKNOWN');
      expect(await server.listNodes()).to.deep.equal([]);
    });

    it('says so when it does not take the token', async () => {
      const apiToken = new Secret('wrong');
      expect(await codeOf(() => open(minting(stub.url, { apiToken })))).to.equal('MESH_API_UNAUTHORISED');
      const named = await open(minting(stub.url, { apiToken, apiKind: kind }));
      expect(await codeOf(() => named.mint(keyRequest()))).to.equal('MESH_API_UNAUTHORISED');
    });

    const misbehaviours: readonly (readonly [string, (stub: StubControlServer) => void, string])[] = [
      ['an answer that is no JSON', (s) => answerWith(s, 200, '<html>hello'), 'MESH_API_UNREADABLE'],
      ['JSON that is no object', (s) => answerWith(s, 200, '[1]'), 'MESH_API_UNREADABLE'],
      ['an object without a key', (s) => answerWith(s, 200, '{"preAuthKey":{"id":"1"}}'), 'MESH_API_UNREADABLE'],
      ['more than is read', (s) => answerWith(s, 200, `"${'x'.repeat(5_000)}"`), 'MESH_API_UNREADABLE'],
      ['a failure', (s) => answerWith(s, 500, `{"message":"disk is full ${API_TOKEN}"}`), 'MESH_API_REFUSED'],
      ['a refusal by gateway', (s) => answerWith(s, 502, 'Bad Gateway'), 'MESH_API_REFUSED'],
      ['a broken connection', (s) => behave(s, (response) => response.destroy()), 'MESH_API_UNREACHABLE'],
      ['silence', (s) => behave(s, () => {}), 'MESH_API_TIMED_OUT'],
      [
        'a body that never ends',
        (s) => behave(s, (response) => response.writeHead(200).write('{')),
        'MESH_API_TIMED_OUT',
      ],
      [
        'a redirect, which the token does not follow',
        (s) => behave(s, (response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end()),
        'MESH_API_UNREACHABLE',
      ],
    ];
    for (const [what, misbehave, code] of misbehaviours) {
      it(`answers ${code} to ${what}`, async () => {
        const patient = await open(minting(stub.url), { timeoutMs: 300, maxBytes: 4_096 });
        misbehave(stub);
        expect(await codeOf(() => patient.mint(keyRequest()))).to.equal(code);
      });
    }
  });
}

function behave(stub: StubControlServer, misbehaviour: NonNullable<StubControlServer['misbehaviour']>): void {
  stub.misbehaviour = misbehaviour;
}

function answerWith(stub: StubControlServer, status: number, body: string): void {
  behave(stub, (response) => response.writeHead(status).end(body));
}

describe('users of the mesh API', () => {
  let stub: StubControlServer;

  beforeEach(async () => {
    stub = await StubControlServer.start('headscale');
  });

  afterEach(() => stub.close());

  for (const user of ['gs', '1']) {
    it(`are found by name or id: ${user}`, async () => {
      const server = await open(minting(stub.url, { user }));
      await server.mint(keyRequest());
      expect(stub.keys[0]).to.deep.include({ hasUser: true, tags: [] });
    });
  }

  it('are reported when there is no such user', async () => {
    const server = await open(minting(stub.url, { user: 'nobody' }));
    expect(await codeOf(() => server.mint(keyRequest()))).to.equal('MESH_USER_UNKNOWN');
    expect(stub.keys).to.deep.equal([]);
  });

  it('are needed where the control server refuses a tag', async () => {
    const server = await open(minting(stub.url));
    answerWith(stub, 500, '{"code":2,"message":"auth-key must be either tagged or owned by user","details":[]}');
    expect(await codeOf(() => server.mint(keyRequest()))).to.equal('MESH_KEY_NEEDS_TAGS');
  });
});

describe('a mesh API that is not one', () => {
  it('is unreachable where nothing listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await codeOf(() => open(minting(url)))).to.equal('MESH_API_UNREACHABLE');
  });

  it('is unreadable where something else answers', async () => {
    const stub = await StubControlServer.start('headscale');
    answerWith(stub, 200, '{"hello":"world"}');
    expect(await codeOf(() => open(minting(stub.url)))).to.equal('MESH_API_UNREADABLE');
    await stub.close();
  });

  it('keeps the path of its URL', async () => {
    const stub = await StubControlServer.start('headscale');
    await codeOf(() => open(minting(`${stub.url}/behind/proxy`)));
    expect(stub.requests[0]).to.equal('GET /behind/proxy/api/v1/user');
    await stub.close();
  });
});
