import { expect } from 'chai';
import { ClockRefusedError } from '#apps/local-node/control-plane-api.js';
import { issuedFor } from '#apps/local-node/issued.js';
import { endingOf } from '#apps/local-node/joined-state.js';
import { newJoinKeys } from '#apps/local-node/keys.js';
import { isSigned } from '#libs/bus/nats-keys.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { joinStatement } from '#libs/contracts/renewal.js';
import { ControlPlaneRefusedError, ControlPlaneUnreachableError } from '#libs/member/control-plane-http.js';
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
    [401, 'UNAUTHENTICATED', ControlPlaneRefusedError, 'LOGIN_EXPIRED'],
    [401, 'JOIN_REFUSED', ControlPlaneRefusedError, 'JOIN_REFUSED'],
    [401, 'JOIN_OUT_OF_TIME', ClockRefusedError, 'JOIN_OUT_OF_TIME'],
    [409, 'BUS_KEY_TAKEN', ControlPlaneRefusedError, 'BUS_KEY_TAKEN'],
    [403, 'LOCAL_NODE_REVOKED', ControlPlaneRefusedError, 'LOCAL_NODE_REVOKED'],
    [429, 'TOO_MANY_REQUESTS', ControlPlaneUnreachableError, 'TOO_MANY_REQUESTS'],
    [503, 'STORE_UNAVAILABLE', ControlPlaneUnreachableError, 'STORE_UNAVAILABLE'],
  ];
  for (const [status, code, cause, told] of refusals) {
    it(`tells ${status} ${code} as ${told}`, async () => {
      server.on(JOIN, { status, json: { code, detail: 'no', remedy: 'do something' } });
      const error = await issuedFor(asker(), newJoinKeys()).catch((refusal: unknown) => refusal);
      expect(error).to.be.instanceOf(cause).and.have.property('code', told);
      const isOver = cause === ControlPlaneRefusedError;
      expect(endingOf(error)?.code, 'what a renewal that meets it ends with').to.equal(isOver ? told : undefined);
    });
  }

  it('signs each request with its bus key, at that moment', async () => {
    server.on(JOIN, { status: 503, json: { code: 'STARTING' } });
    const keys = newJoinKeys();
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
      expect(isSigned(keys.nkey, statement, Buffer.from(signature, 'base64'))).to.equal(true);
    }
  });
});
