import { expect } from 'chai';
import { ForwardStates } from '#apps/local-node/forward-states.js';
import type { Forward } from '#apps/local-node/forwards.js';
import type { Currency } from '#apps/local-node/last-word.js';
import type { Look } from '#apps/local-node/standing.js';
import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import { parseAliasName, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { networkView } from '#test/support/network-view.js';

const START = Date.parse('2026-01-02T03:04:05.000Z');
const API: Forward = { alias: parseAliasName('api', 'alias'), port: 8080, localPort: 18_080 };
const WEB: Forward = { alias: parseAliasName('web', 'alias'), port: 80, localPort: 18_081 };
const away: Look = { kind: 'unreachable', code: 'PEER_UNREACHABLE', message: 'no connection' };

const view = networkView({
  version: 7,
  sandboxes: { 'sbx-api': 'host-b' },
  aliases: { api: { sandbox: 'sbx-api', ports: [8080] }, web: { sandbox: 'sbx-api', ports: [80] } },
  allow: ['local api 8080', 'local web 80'],
});

describe('the forwards of a network', () => {
  let states: ForwardStates;
  let forwards: readonly Forward[];
  let look: (forward: Forward) => Promise<Look>;
  let currency: Currency;
  let heardAtMs: number;
  let nowMs: number;
  let changes: number;

  beforeEach(() => {
    forwards = [API];
    look = async () => ({ kind: 'taken' });
    currency = { kind: 'current' };
    nowMs = START;
    heardAtMs = START;
    changes = 0;
    states = new ForwardStates({
      forwards: () => forwards,
      look: (forward) => look(forward),
      surroundings: () => ({
        network: 'dev',
        source: { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') },
        view,
        isServed: true,
        mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] },
        currency,
        lastCode: null,
      }),
      connections: () => 2,
      heardAt: () => new Date(heardAtMs),
      now: () => new Date(nowMs),
      changed: () => {
        changes += 1;
      },
    });
  });
  afterEach(() => states.close());

  it('are not known before anybody has looked, and then are', async () => {
    expect(states.list()).to.deep.equal([
      {
        ...API,
        ...{ state: 'unknown', reason: "the target's agent has not been asked yet" },
        ...{ lastKnown: null, connections: 2 },
      },
    ]);
    await states.look();
    expect(states.list()).to.deep.equal([{ ...API, state: 'open', reason: null, lastKnown: null, connections: 2 }]);
  });

  it('are what they were when that was known last, as of the oldest of what it rests on', async () => {
    heardAtMs = START - 1_500;
    await states.look();
    states.list();
    nowMs = START + KNOWN_FOR_MS + 60_000;
    const [aged] = states.list();
    expect(aged).to.deep.include({
      state: 'unknown',
      lastKnown: { state: 'open', at: new Date(START - 1_500).toISOString() },
    });
    heardAtMs = nowMs;
    await states.look();
    expect(states.list()[0]).to.deep.include({ state: 'open', lastKnown: null });
  });

  it('are known to be cut off, and remembered so', async () => {
    look = async () => away;
    await states.look();
    expect(states.list()[0]).to.deep.include({ state: 'unreachable', lastKnown: null });
    look = async () => ({ kind: 'taken' });
    currency = { kind: 'silent', since: new Date(START) };
    await states.look();
    expect(states.list()[0]).to.deep.include({
      state: 'unknown',
      lastKnown: { state: 'unreachable', at: new Date(START).toISOString() },
    });
  });

  it('are looked at once for all who ask at once, and those that were added meanwhile too', async () => {
    const asked: string[] = [];
    const first = Promise.withResolvers<Look>();
    look = ({ alias }) => {
      asked.push(alias);
      return alias === 'api' && asked.length === 1 ? first.promise : Promise.resolve({ kind: 'taken' });
    };
    const both = [states.look(), states.look()];
    forwards = [API, WEB];
    first.resolve({ kind: 'taken' });
    await Promise.all(both);
    expect(asked).to.deep.equal(['api', 'api', 'web']);
    expect(states.list().map(({ state }) => state)).to.deep.equal(['open', 'open']);
  });

  it('tell of a change, and of nothing else', async () => {
    await states.look();
    await states.look();
    expect(changes).to.equal(1);
    look = async () => away;
    await states.look();
    expect(changes).to.equal(2);
  });

  it('forget what was stopped', async () => {
    await states.look();
    forwards = [];
    await states.look();
    forwards = [API];
    expect(states.list()[0]).to.include({ state: 'unknown', lastKnown: null });
  });
});
