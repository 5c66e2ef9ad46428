import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseCommandId, parseNetworkId, parseSandboxId } from '#libs/contracts/ids.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import { deriveCommandId } from '#libs/domain/placement/follow-up.js';
import { type PlacedEvent, PlacementFollower } from '#libs/domain/placement/placement-follower.js';
import type { SandboxEvent } from '#libs/domain/sandbox/events.js';
import { evolveSandbox, type SandboxState } from '#libs/domain/sandbox/state.js';
import type { Topology } from '#libs/policy/model.js';
import { attached, detached } from '#test/unit/policy/network-events.js';
import { actions, World } from './placement-world.js';

const sandboxId = parseSandboxId('sbx-1', 'sandbox');
const agent = (name: string) => parseAgentId(name, 'agent');
const network = (id: string) => parseNetworkId(id, 'network');

/** An event that waits for its position in the log. */
type Entry = (position: number) => PlacedEvent;
const ofSandbox =
  (event: SandboxEvent): Entry =>
  (position) => ({ stream: 'sandbox', position, sandboxId, event });
const ofNetwork =
  (id: string, event: NetworkEvent): Entry =>
  (position) => ({ stream: 'network', position, networkId: network(id), event });

/** What sandboxes and networks are after these events. */
function statesAfter(events: readonly PlacedEvent[]): Parameters<typeof PlacementFollower.after> {
  const sandboxes = new Map<string, SandboxState>();
  const networks = new Map<string, Topology>();
  for (const placed of events) {
    if (placed.stream === 'sandbox') {
      sandboxes.set(placed.sandboxId, evolveSandbox(sandboxes.get(placed.sandboxId) ?? null, placed.event));
    }
    if (placed.stream === 'network') {
      networks.set(placed.networkId, evolveNetwork(networks.get(placed.networkId) ?? null, placed.event));
    }
  }
  return [[...sandboxes.values()], [...networks.values()]];
}

const log = (entries: readonly Entry[]) => entries.map((entry, index) => entry(index + 1));

const registered: SandboxEvent = { type: 'SandboxRegistered', data: { sandboxId } };
const placedOn = (name: string): SandboxEvent => ({
  type: 'SandboxPlaced',
  data: { agentId: agent(name), address: '10.0.0.2', driver: 'netns' },
});
const labelled = (labels: { readonly [key: string]: string }): SandboxEvent => ({
  type: 'SandboxLabelled',
  data: { labels },
});
const released: SandboxEvent = { type: 'SandboxReleased', data: { agentId: agent('host-a') } };
const movedTo = (name: string): SandboxEvent => ({
  type: 'SandboxMoved',
  data: { from: agent('host-a'), agentId: agent(name), address: '10.0.0.9', driver: 'netns' },
});
const returned: SandboxEvent = { type: 'SandboxReturned', data: { agentId: agent('host-a'), address: '10.0.0.2' } };
const gone: SandboxEvent = { type: 'SandboxGone', data: { agentId: agent('host-a') } };

describe('what follows from a sandbox that changes', () => {
  const onA = [
    ofSandbox(registered),
    ofSandbox(placedOn('host-a')),
    ofNetwork('0a', attached('sbx-1', 'host-a')),
    ofNetwork('0b', attached('sbx-1', 'host-a')),
  ];

  const rows: readonly (readonly [
    what: string,
    events: readonly Entry[],
    follow: readonly (readonly [network: string, said: object])[],
  ])[] = [
    [
      'a placement goes to every network it is attached to',
      [...onA, ofSandbox(placedOn('host-b'))],
      [
        ['0a', { kind: 'ChangePlacement', sandboxId, agentId: 'host-b' }],
        ['0b', { kind: 'ChangePlacement', sandboxId, agentId: 'host-b' }],
      ],
    ],
    [
      'a release goes there as nobody',
      [...onA, ofSandbox(released)],
      [
        ['0a', { kind: 'ChangePlacement', sandboxId, agentId: null }],
        ['0b', { kind: 'ChangePlacement', sandboxId, agentId: null }],
      ],
    ],
    [
      'labels go there',
      [...onA, ofSandbox(labelled({ a: '1' }))],
      [
        ['0a', { kind: 'ChangeLabels', sandboxId, labels: { a: '1' } }],
        ['0b', { kind: 'ChangeLabels', sandboxId, labels: { a: '1' } }],
      ],
    ],
    ['another address on the same agent concerns no network', [...onA, ofSandbox(placedOn('host-a'))], []],
    ['a sandbox that is gone stays where it was', [...onA, ofSandbox(gone)], []],
    [
      'one that has come back is followed like any other',
      [...onA, ofSandbox(gone), ofSandbox(returned), ofSandbox(labelled({ a: '1' }))],
      [
        ['0a', { kind: 'ChangeLabels', sandboxId, labels: { a: '1' } }],
        ['0b', { kind: 'ChangeLabels', sandboxId, labels: { a: '1' } }],
      ],
    ],
    [
      'a move goes to every network at once, without a version in which nobody has the sandbox',
      [...onA, ofSandbox(gone), ofSandbox(movedTo('host-b'))],
      [
        ['0a', { kind: 'ChangePlacement', sandboxId, agentId: 'host-b' }],
        ['0b', { kind: 'ChangePlacement', sandboxId, agentId: 'host-b' }],
      ],
    ],
    [
      'a pin concerns no network',
      [...onA, ofSandbox({ type: 'SandboxPinned', data: { agentId: agent('host-b') } })],
      [],
    ],
    ['neither does its end', [...onA, ofSandbox({ type: 'SandboxUnpinned', data: {} })], []],
    [
      'nothing goes to a network that it left',
      [...onA, ofNetwork('0a', detached('sbx-1')), ofSandbox(placedOn('host-b'))],
      [['0b', { kind: 'ChangePlacement', sandboxId, agentId: 'host-b' }]],
    ],
    ['an attachment that is up to date brings nothing about', [...onA], []],
    [
      'an attachment that was overtaken by a move is put right',
      [...onA, ofNetwork('0c', attached('sbx-1', 'host-z'))],
      [['0c', { kind: 'ChangePlacement', sandboxId, agentId: 'host-a' }]],
    ],
    [
      'an attachment that was overtaken by a label is put right',
      [...onA, ofNetwork('0c', attached('sbx-1', 'host-a', { a: '1' }))],
      [['0c', { kind: 'ChangeLabels', sandboxId, labels: {} }]],
    ],
  ];
  for (const [what, events, follow] of rows) {
    it(what, () => {
      const follower = new PlacementFollower();
      const last =
        log(events)
          .map((event) => follower.take(event))
          .at(-1) ?? [];
      expect(
        last.map((next) =>
          next.stream === 'network' ? [next.networkId, next.command] : [next.sandboxId, next.command],
        ),
      ).to.deep.equal(follow);
    });
  }

  it('a revoked agent releases what it placed, and nothing else', () => {
    const follower = new PlacementFollower();
    for (const event of log(onA)) follower.take(event);
    follower.take({
      stream: 'sandbox',
      position: 5,
      sandboxId: parseSandboxId('sbx-2', 's'),
      event: placedOn('host-b'),
    });
    const revoked = { type: 'AgentRevoked', data: { reason: 'lost' } } as const;
    const followUps = follower.take({ stream: 'agent', position: 6, agentId: agent('host-a'), event: revoked });
    expect(followUps.map(({ command }) => command)).to.deep.equal([
      { kind: 'ReleaseSandbox', sandboxId: 'sbx-1', agentId: 'host-a' },
    ]);
  });

  it('has command ids of its own for each event, stream and kind', () => {
    const ids = [
      deriveCommandId(7, 'network-0a', 'ChangePlacement'),
      deriveCommandId(8, 'network-0a', 'ChangePlacement'),
      deriveCommandId(7, 'network-0b', 'ChangePlacement'),
      deriveCommandId(7, 'network-0a', 'ChangeLabels'),
    ];
    expect(new Set(ids).size).to.equal(4);
    expect(deriveCommandId(7, 'network-0a', 'ChangePlacement')).to.equal(ids[0]);
    expect(deriveCommandId(7, `sandbox-${'x'.repeat(128)}`, 'ReleaseSandbox')).to.satisfy((id: string) =>
      parseCommandId(id, 'id'),
    );
  });
});

describe('whatever order attachments, moves and labels come in', () => {
  it('every network ends with the placement and labels that its sandboxes have', () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const world = new World();
        for (const action of sequence) world.act(action);
        world.settle();
        for (const attachment of world.attachments()) {
          const sandbox = world.sandbox(attachment.sandboxId);
          expect(attachment.agentId).to.equal(sandbox?.agentId);
          expect(attachment.labels).to.deep.equal(sandbox?.labels);
        }
        expect(world.heldByRevokedAgents()).to.deep.equal([]);
      }),
      { numRuns: 500 },
    );
  });

  it('a late copy never outlives a newer attachment of the same sandbox', () => {
    const [networkId, sandboxId] = [network('0b'), parseSandboxId('sbx-2', 'sandbox')];
    const world = new World();
    for (const action of [
      { kind: 'report', sandboxId, agentId: agent('host-b') },
      { kind: 'beginAttach', sandboxId, networkId },
      { kind: 'release', sandboxId, agentId: agent('host-b') },
      { kind: 'finishAttach' },
      { kind: 'detach', sandboxId, networkId },
      { kind: 'report', sandboxId, agentId: agent('host-a') },
      { kind: 'beginAttach', sandboxId, networkId },
    ] as const) {
      world.act(action);
    }
    world.settle();
    expect(world.attachments().map(({ agentId }) => agentId)).to.deep.equal(['host-a']);
  });

  it('a follower that reads the log again, or goes on from the states so far, says the same, with the same command ids', () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const world = new World();
        for (const action of sequence) world.act(action);
        world.settle();
        const [first, second] = [new PlacementFollower(), new PlacementFollower()];
        const said = world.log.map((event) => first.take(event));
        expect(world.log.map((event) => second.take(event))).to.deep.equal(said);
        for (const begun of world.log.keys()) {
          const third = PlacementFollower.after(...statesAfter(world.log.slice(0, begun)));
          expect(world.log.slice(begun).map((event) => third.take(event))).to.deep.equal(said.slice(begun));
        }
        const ids = said.flat().map(({ commandId }) => commandId);
        expect(new Set(ids).size).to.equal(ids.length);
      }),
    );
  });
});
