import { expect } from 'chai';
import { lookOf } from '#apps/local-node/look.js';
import { type Look, type Standing, type Surroundings, standingOf } from '#apps/local-node/standing.js';
import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import { parseAgentId, parseAliasName, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import type { ProbeOutcome } from '#libs/data-plane/data-plane.js';
import { networkView } from '#test/support/network-view.js';

const NOW = new Date('2026-01-02T03:04:05.000Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const HOST_B = parseAgentId('host-b', 'agent');
const forward = { alias: parseAliasName('api', 'alias'), port: 8080, localPort: 18_080 };

const joined = { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] } as const;
const seen = (look: Look, ms = 0) => ({ look, at: ago(ms) });
const away: Look = { kind: 'unreachable', code: 'PEER_UNREACHABLE', message: 'agent host-b: no connection' };

const well: Surroundings = {
  network: 'dev',
  source: { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') },
  view: allowing(8080),
  isServed: true,
  mesh: joined,
  currency: { kind: 'current' },
  seen: seen({ kind: 'taken' }),
  lastCode: null,
};

const silent = { kind: 'silent', since: ago(60_000) } as const;
const outdated = { kind: 'outdated', since: ago(60_000), version: 8 } as const;

const rows: readonly (readonly [what: string, change: Partial<Surroundings>, state: Standing['state'], why: string])[] =
  [
    ['all is well', {}, 'open', ''],
    ['the look is as old as it may be', { seen: seen({ kind: 'taken' }, KNOWN_FOR_MS) }, 'open', ''],
    [
      'the agent is of an earlier release',
      { seen: seen({ kind: 'reached', agentId: HOST_B }) },
      'open',
      'host-b runs an',
    ],
    ['nobody listened a moment ago', { lastCode: 'TARGET_REFUSED' }, 'open', 'refused: TARGET_REFUSED'],
    ['the agent was away a moment ago', { lastCode: 'PEER_UNREACHABLE' }, 'open', ''],

    ['the look is too old', { seen: seen({ kind: 'taken' }, KNOWN_FOR_MS + 1) }, 'unknown', 'last asked at'],
    ['nobody has looked', { seen: null }, 'unknown', 'not been asked yet'],
    ['the control plane is silent', { currency: silent }, 'unknown', `last answered at ${ago(60_000).toISOString()}`],
    ['a version does not arrive', { currency: outdated }, 'unknown', 'version 8 exists since'],
    ['an old look failed', { seen: seen(away, KNOWN_FOR_MS + 1) }, 'unknown', 'last asked at'],

    [
      'the agent refuses',
      { seen: seen({ kind: 'refused', by: HOST_B, code: 'EXPLICIT_DENY' }) },
      'denied',
      'agent host-b',
    ],
    ['this machine refuses', { seen: seen({ kind: 'refused', by: null, code: 'FLOW_LIMIT' }) }, 'denied', 'FLOW_LIMIT'],
    ['the agent is away', { seen: seen(away) }, 'unreachable', 'no connection (PEER_UNREACHABLE)'],
    ['the agent is away and the control plane silent', { seen: seen(away), currency: silent }, 'unreachable', 'host-b'],
    ['the policy denies it', { view: allowing(80) }, 'denied', 'gstacks network test dev local:ada api:8080'],
    [
      'the policy denies it and all are silent',
      { view: allowing(80), currency: silent, seen: null },
      'denied',
      'policy',
    ],
    ['nothing has arrived', { view: null }, 'denied', 'no topology has arrived'],
    ['it was out of contact for too long', { isServed: false, currency: silent }, 'denied', 'for too long'],
    [
      'this machine is not in the mesh',
      { mesh: { ...joined, transport: 'tsnet', state: 'failed', code: 'MESH_KEY_USED' } },
      'unreachable',
      'MESH_KEY_USED',
    ],
  ];

describe('how a forward stands', () => {
  for (const [what, change, state, why] of rows) {
    it(`is ${state} when ${what}`, () => {
      const standing = standingOf(forward, { ...well, ...change }, NOW);
      expect(standing.state).to.equal(state);
      if (why === '') expect(standing.reason).to.equal(null);
      else expect(standing.reason).to.contain(why);
    });
  }
});

describe('what a probe tells of a forward', () => {
  const outcomes: readonly (readonly [ProbeOutcome, Look])[] = [
    [{ kind: 'taken', agentId: HOST_B, version: 7 }, { kind: 'taken' }],
    [
      { kind: 'not known there', agentId: HOST_B, remedy: null },
      { kind: 'reached', agentId: HOST_B },
    ],
    [
      { kind: 'refused there', agentId: HOST_B, code: 'DEFAULT_DENY', message: 'no rule', version: 8 },
      { kind: 'refused', by: HOST_B, code: 'DEFAULT_DENY' },
    ],
    [
      { kind: 'refused there', agentId: HOST_B, code: 'TARGET_PAUSED', message: 'the sandbox is paused', version: 7 },
      { kind: 'unreachable', code: 'TARGET_PAUSED', message: 'agent host-b: the sandbox is paused' },
    ],
    [
      { kind: 'refused here', code: 'FLOW_LIMIT' },
      { kind: 'refused', by: null, code: 'FLOW_LIMIT' },
    ],
    [
      { kind: 'refused here', code: 'TARGET_NOT_PLACED' },
      { kind: 'unreachable', code: 'TARGET_NOT_PLACED', message: "no address of the target's agent is known" },
    ],
    [
      { kind: 'unreachable', agentId: HOST_B, code: 'PEER_LOST', message: 'it is silent', remedy: null },
      { kind: 'unreachable', code: 'PEER_LOST', message: 'agent host-b: it is silent' },
    ],
  ];
  for (const [outcome, look] of outcomes) {
    it(`is ${look.kind} where the outcome is: ${outcome.kind}${'code' in outcome ? ` ${outcome.code}` : ''}`, () =>
      expect(lookOf(outcome)).to.deep.equal(look));
  }
});

/** The view of a network that lets local nodes reach api on this port. */
function allowing(port: number): Surroundings['view'] {
  return networkView({
    version: 7,
    sandboxes: { 'sbx-api': 'host-b' },
    aliases: { api: { sandbox: 'sbx-api', ports: [80, 8080] } },
    allow: [`local api ${port}`],
  });
}
