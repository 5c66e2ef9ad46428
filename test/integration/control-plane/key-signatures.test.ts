import type { KeyPair } from '@nats-io/nkeys';
import { expect } from 'chai';
import { createUser } from '#libs/bus/nats-keys.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { enrollmentStatement, joinStatement } from '#libs/contracts/renewal.js';
import { query } from '#test/support/postgres.js';
import { type ApiAnswer, callApi } from './api.js';
import { type Authorization, joinBody, newKeys, signatureOf, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';
import { enrollmentBody } from './simulated-agent.js';

const MINUTE = 60_000;

describe('a bus key that is registered', () => {
  let controlPlane: TestControlPlane;
  let as: Authorization;
  const dev = parseNetworkName('dev', 'network');

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    for (const name of ['dev', 'test']) await controlPlane.call('POST', '/v1/networks', { name });
    as = (await tokenFor(controlPlane, 'ada')).as;
  });

  after(() => controlPlane.end());

  const enroll = (body: unknown) => callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', body);
  const join = (network: string, body: unknown) =>
    controlPlane.call('POST', `/v1/networks/${network}/local-nodes`, body, { ...as });
  const outcome = ({ status, body }: ApiAnswer) => [status, body.code];

  async function tokenOf(name: string): Promise<string> {
    const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name });
    return String(body.token);
  }

  /** Everything that a refused request must not change. */
  const written = () =>
    query(
      controlPlane.databaseUrl,
      `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM unique_claims) AS claims,
        (SELECT count(*) FROM commands) AS commands,
        (SELECT count(*) FROM enrollment_tokens WHERE used_at IS NOT NULL) AS tokens`,
    );

  const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
  const rows: readonly {
    readonly what: string;
    readonly change: (good: { readonly statement: string; readonly user: KeyPair }) => object;
    readonly status: number;
    readonly code: string;
  }[] = [
    { what: 'without a signature', change: () => ({ signature: undefined }), status: 400, code: 'FIELD_MISSING' },
    { what: 'without a time', change: () => ({ timestamp: undefined }), status: 400, code: 'FIELD_MISSING' },
    {
      what: 'with the signature of another key',
      change: ({ statement }) => ({ signature: signatureOf(createUser(), statement) }),
      ...{ status: 401, code: '_REFUSED' },
    },
    {
      what: 'with a signature of zeros',
      change: () => ({ signature: Buffer.alloc(64).toString('base64') }),
      ...{ status: 401, code: '_REFUSED' },
    },
    {
      what: 'with what the key signed for another purpose',
      change: ({ statement, user }) => ({ signature: signatureOf(user, statement.replace(/^.*/, 'gs-renewal-v1')) }),
      ...{ status: 401, code: '_REFUSED' },
    },
    {
      what: 'with what the key signed for another name',
      change: ({ statement, user }) => ({ signature: signatureOf(user, statement.replace(/\n.*/, '\nother')) }),
      ...{ status: 401, code: '_REFUSED' },
    },
    {
      what: 'with the signature of another moment',
      change: () => ({ timestamp: ago(1_000) }),
      ...{ status: 401, code: '_REFUSED' },
    },
  ];

  for (const { what, change, status, code } of rows) {
    const expected = (kind: string) => [status, code.startsWith('_') ? `${kind}${code}` : code];

    it(`by an agent ${what} is refused, and nothing is written`, async () => {
      const keys = await newKeys();
      const good = enrollmentBody(await tokenOf('host-a'), 'host-a', keys.user, keys.certificateRequest);
      const before = await written();
      const bad = { ...good, ...change({ statement: enrollmentStatement(good), user: keys.user }) };
      expect(outcome(await enroll(bad))).to.deep.equal(expected('ENROLLMENT'));
      expect(await written()).to.deep.equal(before);
    });

    it(`by a machine ${what} is refused, and nothing is written`, async () => {
      const keys = await newKeys();
      const good = joinBody('dev', keys, 'laptop');
      const before = await written();
      const bad = { ...good, ...change({ statement: joinStatement({ ...good, network: dev }), user: keys.user }) };
      expect(outcome(await join('dev', bad))).to.deep.equal(expected('JOIN'));
      expect(await written()).to.deep.equal(before);
    });
  }

  for (const [when, offset] of [
    ['two minutes ago', 2 * MINUTE],
    ['in two minutes', -2 * MINUTE],
  ] as const) {
    it(`with a signature made ${when} is refused, and nothing is written`, async () => {
      const [agent, machine] = [await newKeys(), await newKeys()];
      const [token, change] = [await tokenOf('host-a'), { timestamp: ago(offset) }];
      const before = await written();
      const enrolled = await enroll(enrollmentBody(token, 'host-a', agent.user, agent.certificateRequest, change));
      expect(outcome(enrolled)).to.deep.equal([401, 'ENROLLMENT_OUT_OF_TIME']);
      const joined = await join('dev', joinBody('dev', machine, 'laptop', change));
      expect(outcome(joined)).to.deep.equal([401, 'JOIN_OUT_OF_TIME']);
      expect(await written()).to.deep.equal(before);
    });
  }

  it('leaves the one-time token good for whoever signs', async () => {
    const keys = await newKeys();
    const token = await tokenOf('host-b');
    const body = (signer: KeyPair) => enrollmentBody(token, 'host-b', keys.user, keys.certificateRequest, { signer });
    expect(outcome(await enroll(body(createUser())))).to.deep.equal([401, 'ENROLLMENT_REFUSED']);
    expect((await enroll(body(keys.user))).status).to.equal(201);
  });

  it('is renewed by a machine with a signature only', async () => {
    const keys = await newKeys();
    const join_ = (signer: KeyPair) => join('dev', joinBody('dev', keys, 'laptop', { signer }));
    expect((await join_(keys.user)).status).to.equal(201);
    const before = await written();
    expect(outcome(await join_(createUser()))).to.deep.equal([401, 'JOIN_REFUSED']);
    expect(await written()).to.deep.equal(before);
    expect((await join_(keys.user)).status).to.equal(201);
  });

  it('joins a machine to the network that was signed, and to no other', async () => {
    const body = joinBody('test', await newKeys(), 'laptop');
    expect(outcome(await join('dev', body))).to.deep.equal([401, 'JOIN_REFUSED']);
    expect((await join('test', body)).status).to.equal(201);
  });
});
