import { expect } from 'chai';
import fc from 'fast-check';
import { currentHash } from '#apps/control-plane/record/current-hash.js';
import { Directory } from '#apps/control-plane/record/directory.js';
import { printLogState, readLogState } from '#apps/control-plane/record/log-state.js';
import type { NetworkRecord } from '#apps/control-plane/record/network-record.js';
import {
  type AgentId,
  parseAgentId,
  parseAliasName,
  parseLocalNodeId,
  parseNetworkId,
  parseNetworkName,
  parseRuleId,
  parseSandboxId,
  parseUserName,
  type SandboxId,
} from '#libs/contracts/ids.js';
import type { DomainEvent } from '#libs/domain/aggregates.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { inPlainMaps } from '#test/unit/policy/network-events.js';

const [HOST_A, HOST_B] = [parseAgentId('host-a', 'agent'), parseAgentId('host-b', 'agent')];
const [AA, BB] = [parseNetworkId('aa', 'network'), parseNetworkId('bb', 'network')];
const SBX_1 = parseSandboxId('sbx-1', 'sandbox');
const agents = [HOST_A, HOST_B];
const networks = [AA, BB];
const SBX_2 = parseSandboxId('sbx-2', 'sandbox');
const sandboxes = [SBX_1, SBX_2, parseSandboxId('sbx-3', 'sandbox')];

/** `Unheard` is an event of a newer release. */
type LogEvent = DomainEvent | { readonly type: 'Unheard'; readonly data: Record<string, never> };

/** A log of interleaved streams, each event numbered in its stream and in the whole log. */
class Log {
  readonly events: StoredEvent[] = [];
  private readonly versions = new Map<string, number>();

  add(streamId: string, event: LogEvent): void {
    const streamVersion = (this.versions.get(streamId) ?? 0) + 1;
    this.versions.set(streamId, streamVersion);
    const stored =
      event.type === 'Unheard' ? { type: event.type, schemaVersion: 1, data: event.data } : storedEvent(event);
    const position = this.events.length + 1;
    this.events.push({
      ...stored,
      position,
      streamId,
      streamVersion,
      metadata: {},
      actor: 'user:ada',
      commandId: `c${position}`,
      correlationId: 'r',
      causationId: null,
      recordedAt: new Date(position * 1_000).toISOString(),
      previousHash: '',
      hash: '',
    });
  }

  version(streamId: string): number {
    return this.versions.get(streamId) ?? 0;
  }
}

const NODE = parseLocalNodeId('node-1', 'node');

/** An agent and a local node that came, and were revoked. */
const ENDED: readonly (readonly [streamId: string, event: LogEvent])[] = [
  ['agent-host-b', { type: 'AgentEnrolled', data: { agentId: HOST_B, nkey: 'UB', meshKeyThumbprint: 'x' } }],
  ['agent-host-b', { type: 'AgentRevoked', data: { reason: 'revoked by admin' } }],
  [
    'local-node-node-1',
    {
      type: 'LocalNodeJoined',
      data: {
        ...{ nodeId: NODE, user: parseUserName('ada', 'user'), networkId: AA, machine: 'laptop', nkey: 'UN' },
        ...{ meshKeyThumbprint: 'x', tokenId: 't', expiresAt: '2026-01-31T10:20:30.120Z' },
      },
    },
  ],
  ['local-node-node-1', { type: 'LocalNodeRevoked', data: { reason: 'revoked by admin' } }],
];

type Step = readonly [what: number, pick: number, other: number];

/** The possible next events; an event that does not fit the state of its stream is skipped. */
function step(log: Log, [what, pick, other]: Step): void {
  const networkId = networks[pick % networks.length] ?? AA;
  const name = parseNetworkName(`net-${networkId}`, 'name');
  const isNew = log.version(`network-${networkId}`) === 0;
  if (isNew) {
    log.add(`network-${networkId}`, {
      type: 'NetworkCreated',
      data: { networkId, name, mode: 'agent_proxy', maxStalenessSeconds: 86_400 },
    });
    return;
  }
  const sandboxId = sandboxes[other % sandboxes.length] ?? SBX_1;
  const agentId = agents[(pick + other) % agents.length] ?? HOST_A;
  const event = eventOf(what, other, sandboxId, agentId);
  if (event.type === 'AgentEnrolled') log.add(`agent-${agentId}`, event);
  else if (event.type !== 'SandboxPlaced') log.add(`network-${networkId}`, event);
  else {
    const registered = log.version(`sandbox-${sandboxId}`) > 0;
    log.add(`sandbox-${sandboxId}`, registered ? event : { type: 'SandboxRegistered', data: { sandboxId } });
  }
}

function eventOf(what: number, other: number, sandboxId: SandboxId, agentId: AgentId): LogEvent {
  const alias = parseAliasName(`a${other}`, 'alias');
  const ruleId = parseRuleId(`rule-000${other}`, 'rule');
  switch (what) {
    case 0:
      return { type: 'SandboxAttached', data: { sandboxId, agentId, labels: {} } };
    case 1:
      return { type: 'SandboxDetached', data: { sandboxId } };
    case 2:
      return { type: 'AliasPublished', data: { alias, sandboxId, ports: [] } };
    case 3:
      return {
        type: 'PolicyRuleAdded',
        data: { ruleId, effect: 'deny', from: 'any', to: alias, port: 80, until: null },
      };
    case 4:
      return { type: 'SandboxPlacementChanged', data: { sandboxId, agentId } };
    case 5:
      return { type: 'AgentEnrolled', data: { agentId, nkey: `U${other}`, meshKeyThumbprint: 'x' } };
    case 6:
      return { type: 'NetworkDeleted', data: {} };
    case 8:
      return { type: 'NetworkQuarantined', data: { agents: [agentId], reason: 'a leak' } };
    case 9:
      return { type: 'NetworkQuarantineLifted', data: {} };
    case 10:
      return { type: 'Unheard', data: {} };
    default:
      return { type: 'SandboxPlaced', data: { agentId, address: '127.0.0.1', driver: 'static' } };
  }
}

/** An event that fits the sandbox's state: it is placed, released or moved. */
function sandboxEvent(before: SandboxState | null, kind: number, sandboxId: SandboxId, host: number): LogEvent {
  const agentId = agents[host % agents.length] ?? HOST_A;
  const place = { address: '127.0.0.1', driver: 'static' };
  if (before === null) return { type: 'SandboxRegistered', data: { sandboxId } };
  if (before.agentId === null) return { type: 'SandboxPlaced', data: { agentId, ...place } };
  if (kind % 2 === 0) return { type: 'SandboxReleased', data: { agentId: before.agentId } };
  return { type: 'SandboxMoved', data: { from: before.agentId, agentId, ...place } };
}

const steps = fc.array(fc.tuple(fc.nat(10), fc.nat(3), fc.nat(3)), { maxLength: 60 });

/** A record as reported: hashes by value, whether cached or computed now. */
function told(record: NetworkRecord | null) {
  if (record === null) return null;
  const { digest, last, ...rest } = record;
  const { hashes, ...change } = last;
  return {
    ...rest,
    topology: inPlainMaps(record.topology),
    last: change,
    hashes: agents.map((agentId) => currentHash(record, agentId)),
  };
}

function everything(directory: Directory) {
  return {
    position: directory.position,
    networks: directory.networks().map(told),
    byId: networks.map((id) => told(directory.network(id))),
    sandboxes: directory.sandboxes(),
    agents: directory.agents(),
    localNodes: directory.localNodes(),
    lastNamed: networks.map((id) => directory.lastNetworkNamed(parseNetworkName(`net-${id}`, 'name'))),
    unreadable: directory.unreadableStreams,
    ofAgent: agents.map((id) =>
      directory
        .networksOfAgent(id)
        .map(({ topology }) => topology.networkId)
        .sort(),
    ),
    ofSandbox: sandboxes.map((id) =>
      directory
        .networksOf(id)
        .map(({ topology }) => topology.networkId)
        .sort(),
    ),
  };
}

describe('the directory', () => {
  it('is the same whether the log was followed event by event or read in batches', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (what, size) => {
        const log = new Log();
        for (const each of what) step(log, each);
        const [followed, read] = [new Directory(), new Directory()];
        for (const event of log.events) followed.apply([event]);
        for (let at = 0; at < log.events.length; at += size) read.replay(log.events.slice(at, at + size));
        expect(everything(read)).to.deep.equal(everything(followed));
      }),
    );
  });

  it('is the same when it goes on from its state, as that is kept', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (what, at) => {
        const log = new Log();
        for (const each of what) step(log, each);
        for (const each of ENDED) log.add(...each);
        const [read, before, restored] = [new Directory(), new Directory(), new Directory()];
        read.replay(log.events);
        before.replay(log.events.slice(0, log.events.length - at));
        const state = before.state();
        expect(state === null).to.equal(before.unreadableStreams.size > 0);
        fc.pre(state !== null);
        restored.restore(readLogState(printLogState(state)), before.position);
        expect(everything(restored)).to.deep.equal(everything(before));
        restored.replay(log.events);
        expect(everything(restored)).to.deep.equal(everything(read));
      }),
    );
  });

  it('finds the sandboxes of an agent, wherever they were before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(3), fc.nat(3)), { maxLength: 40 }), (what) => {
        const log = new Log();
        const directory = new Directory();
        for (const [kind, host, which] of what) {
          const sandboxId = sandboxes[which % sandboxes.length] ?? SBX_1;
          log.add(`sandbox-${sandboxId}`, sandboxEvent(directory.sandbox(sandboxId), kind, sandboxId, host));
          directory.apply(log.events.slice(-1));
        }
        for (const agentId of agents) {
          const own = directory.sandboxes().filter((sandbox) => sandbox.agentId === agentId);
          expect(directory.sandboxesOfAgent(agentId)).to.have.deep.members(own);
        }
      }),
    );
  });

  it('takes each event once, though a batch comes twice', () => {
    const log = new Log();
    for (const what of [0, 0, 2, 3]) step(log, [what, 0, 1]);
    const directory = new Directory();
    directory.apply(log.events);
    const before = everything(directory);
    expect(directory.apply(log.events).networks.size).to.equal(0);
    expect(everything(directory)).to.deep.equal(before);
  });

  it('is the same after a long command whether it was followed event by event or at once, and tells it is urgent', () => {
    const log = new Log();
    const alias = (index: number) => parseAliasName(`a${index}`, 'alias');
    // The first creates the network, the second attaches sbx-1 on host-a.
    for (const next of [
      [0, 0, 0],
      [0, 0, 0],
    ] as const)
      step(log, next);
    const before = log.events.length;
    const ports = [{ published: 80, target: 80 }];
    for (let index = 0; index < 100; index += 1) {
      log.add('network-aa', { type: 'AliasPublished', data: { alias: alias(index), sandboxId: SBX_1, ports } });
    }
    log.add('network-aa', { type: 'AliasRemoved', data: { alias: alias(7) } });
    log.add('network-aa', { type: 'SandboxAttached', data: { sandboxId: SBX_2, agentId: HOST_B, labels: {} } });
    const events = log.events.map((event, at) => (at < before ? event : { ...event, commandId: 'apply' }));
    const [oneByOne, atOnce] = [new Directory(), new Directory()];
    for (const event of events) oneByOne.apply([event]);
    atOnce.apply(events.slice(0, before));
    const { networks: changed } = atOnce.apply(events.slice(before));
    const [one, other] = [told(oneByOne.network(AA)), told(atOnce.network(AA))];
    expect(one).to.deep.include({ streamVersion: 104, participants: agents });
    expect(other).to.deep.equal({ ...one, last: { ...one?.last, takesAway: true } });
    expect(changed.get(AA)).to.deep.include({ urgent: true, participantsChanged: true });
    expect(everything(atOnce).ofSandbox).to.deep.equal(everything(oneByOne).ofSandbox);
  });

  it('tells whom a change concerns: those before it, and those since', () => {
    const log = new Log();
    for (const each of [
      [0, 0, 0],
      [0, 0, 0],
      [4, 0, 1],
    ] as const)
      step(log, each);
    const directory = new Directory();
    directory.apply(log.events.slice(0, 2));
    log.add('network-aa', {
      type: 'SandboxPlacementChanged',
      data: { sandboxId: SBX_1, agentId: HOST_B },
    });
    directory.apply(log.events.slice(2, 3));
    const { networks: changed } = directory.apply(log.events.slice(3));
    expect([...(changed.get(AA)?.concerned ?? [])].sort()).to.deep.equal(['host-a', 'host-b']);
    expect(changed.get(AA)?.urgent).to.equal(true);
  });

  it('knows a network by its name though it was created by a newer release, and when that release deleted it', () => {
    for (const way of ['apply', 'replay'] as const) {
      const log = new Log();
      step(log, [0, 0, 0]);
      log.add('network-aa', { type: 'SandboxAttached', data: { sandboxId: SBX_1, agentId: HOST_A, labels: {} } });
      const newer = log.events.map((event) => ({ ...event, schemaVersion: event.streamVersion === 1 ? 2 : 1 }));
      const directory = new Directory();
      directory[way](newer);
      const record = directory.networkNamed(parseNetworkName('net-aa', 'name'));
      expect(record?.unreadable, way).to.include({ type: 'NetworkCreated', version: 1, schemaVersion: 2 });
      expect(record, way).to.include({ streamVersion: 2 });
      log.add('network-aa', { type: 'NetworkDeleted', data: {} });
      directory[way](log.events.slice(2));
      expect(directory.networks(), way).to.deep.equal([]);
    }
  });

  it('marks a network with an event it does not know, and reads the others on', () => {
    for (const way of ['apply', 'replay'] as const) {
      const log = new Log();
      for (const each of [
        [0, 0, 0],
        [0, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
      ] as const)
        step(log, each);
      log.add('network-aa', { type: 'Unheard', data: {} });
      log.add('network-bb', { type: 'SandboxDetached', data: { sandboxId: SBX_1 } });
      const directory = new Directory();
      directory[way](log.events);
      expect(directory.network(AA)?.unreadable, way).to.include({ type: 'Unheard', version: 3, position: 5 });
      expect(
        directory.networks().map(({ topology }) => topology.networkId),
        way,
      ).to.include(AA);
      expect(directory.network(BB)?.unreadable, way).to.equal(null);
      expect(directory.network(BB)?.topology.version, way).to.equal(3);
      expect([...directory.unreadableStreams.keys()], way).to.deep.equal(['network-aa']);
    }
  });
});
