import { fromPublic } from '@nats-io/nkeys';
import { expect } from 'chai';
import {
  ClockRefusedError,
  ControlPlaneUnreachableError,
  JoinRefusedError,
} from '#apps/local-node/control-plane-api.js';
import { issuedFor } from '#apps/local-node/issued.js';
import { newJoinKeys } from '#apps/local-node/keys.js';
import { Renewal } from '#apps/local-node/renewal.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { joinStatement } from '#libs/contracts/renewal.js';
import { waitFor } from '#test/support/wait.js';
import { AnsweringServer } from '../cli/answering-server.js';

const network = parseNetworkName('dev', 'network');
const JOIN = 'POST /v1/networks/dev/local-nodes';

describe('a machine that joins', () => {
  let server: AnsweringServer;

  before(async () => {
    server = await AnsweringServer.start();
  });
  beforeEach(() => server.forget());
  after(() => server.close());

  const asker = (now = () => new Date()) => ({
    url: server.url,
    network,
    machine: 'laptop',
    token: () => 'secret',
    now,
  });

  const refusals: readonly (readonly [number, string, new (...of: never[]) => Error, string])[] = [
    [401, 'UNAUTHENTICATED', JoinRefusedError, 'LOGIN_EXPIRED'],
    [401, 'JOIN_REFUSED', JoinRefusedError, 'JOIN_REFUSED'],
    [401, 'JOIN_OUT_OF_TIME', ClockRefusedError, 'JOIN_OUT_OF_TIME'],
    [409, 'BUS_KEY_TAKEN', JoinRefusedError, 'BUS_KEY_TAKEN'],
    [403, 'LOCAL_NODE_REVOKED', JoinRefusedError, 'LOCAL_NODE_REVOKED'],
    [429, 'TOO_MANY_REQUESTS', ControlPlaneUnreachableError, 'TOO_MANY_REQUESTS'],
    [503, 'STORE_UNAVAILABLE', ControlPlaneUnreachableError, 'STORE_UNAVAILABLE'],
  ];
  for (const [status, code, cause, told] of refusals) {
    it(`tells ${status} ${code} as ${told}`, async () => {
      server.on(JOIN, { status, json: { code, detail: 'no', remedy: 'do something' } });
      const error = await issuedFor(asker(), await newJoinKeys()).catch((refusal: unknown) => refusal);
      expect(error).to.be.instanceOf(cause).and.have.property('code', told);
    });
  }

  it('signs each request with its bus key, at that moment', async () => {
    server.on(JOIN, { status: 503, json: { code: 'STARTING' } });
    const keys = await newJoinKeys();
    const times = [new Date('2026-03-01T12:00:00Z'), new Date('2026-03-01T12:05:00Z')];
    for (const time of times)
      await issuedFor(
        asker(() => time),
        keys,
      ).catch(() => {});
    expect(server.requests).to.have.length(2);
    for (const [index, { body }] of server.requests.entries()) {
      const { signature, ...join } = body as Parameters<typeof joinStatement>[0] & { readonly signature: string };
      expect(join.timestamp).to.equal(times[index]?.toISOString());
      const statement = new TextEncoder().encode(joinStatement({ ...join, network }));
      expect(fromPublic(keys.nkey).verify(statement, Buffer.from(signature, 'base64'))).to.equal(true);
    }
  });

  it('stays joined while its clock is too far off to renew, and renews once it is not', async () => {
    const issuedAt = new Date(Date.now() - 120_000);
    const credentials = { issuedAt, expiresAt: new Date(Date.now() + 60_000) } as Parameters<
      ConstructorParameters<typeof Renewal>[1]['renewed']
    >[0];
    const seen: string[] = [];
    let attempts = 0;
    const renewal = new Renewal(credentials, {
      renew: async () => {
        attempts += 1;
        if (attempts === 1) throw new ClockRefusedError('JOIN_OUT_OF_TIME', 'signed an hour ago');
        return { ...credentials, issuedAt: new Date(), expiresAt: new Date(Date.now() + 900_000) };
      },
      renewed: async () => void seen.push('renewed'),
      refused: () => seen.push('refused'),
      failed: () => seen.push('failed'),
      now: () => new Date(),
    });
    await waitFor('it has renewed', () => seen.includes('renewed'));
    await renewal.close();
    expect(seen).to.deep.equal(['failed', 'renewed']);
  });
});
