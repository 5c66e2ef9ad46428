import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RuleId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { evolveAgent } from '#libs/domain/agent/state.js';
import type { StoredDomainEvent } from '#libs/domain/aggregate.js';
import { eventOf } from '#libs/domain/aggregate.js';
import { type DomainEvent, upcastsByType } from '#libs/domain/aggregates.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { evolveLocalNode } from '#libs/domain/local-node/state.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { evolveSandbox } from '#libs/domain/sandbox/state.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import { evolveStoreKey } from '#libs/domain/store-key/state.js';
import { Upcasters } from '#libs/event-store/upcasters.js';
import { CLONE } from '#test/support/clone.js';
import { storedEvent } from '#test/support/stored-event.js';

/** Streams as each schema version wrote them. Add to them, and never edit them: stored events do not change either. */
const FOLDER = join(CLONE, 'test/fixtures/events');

/** Every type, so that a new one does not compile until it is listed here, and fails until a fixture contains it. */
const TYPES: { readonly [Type in DomainEvent['type']]: true } = {
  NetworkCreated: true,
  SandboxAttached: true,
  SandboxDetached: true,
  AliasPublished: true,
  AliasPortsChanged: true,
  AliasRemoved: true,
  PolicyRuleAdded: true,
  PolicyRuleRemoved: true,
  PolicyRuleExpired: true,
  EgressRuleAdded: true,
  EgressRuleRemoved: true,
  PolicyTestAdded: true,
  PolicyTestRemoved: true,
  PolicyTestsOverridden: true,
  EgressRuleExpired: true,
  SandboxPlacementChanged: true,
  SandboxLabelsChanged: true,
  NetworkDeleted: true,
  NetworkQuarantined: true,
  NetworkQuarantineLifted: true,
  SandboxRegistered: true,
  SandboxPlaced: true,
  SandboxLabelled: true,
  SandboxGone: true,
  SandboxReturned: true,
  SandboxReleased: true,
  SandboxMoved: true,
  SandboxPinned: true,
  SandboxUnpinned: true,
  AgentEnrolled: true,
  AgentRenewed: true,
  AgentRevoked: true,
  LocalNodeJoined: true,
  LocalNodeRenewed: true,
  LocalNodeExpired: true,
  LocalNodeRevoked: true,
  LocalNodeLeft: true,
  KeyRotationBegan: true,
  KeyPutToUse: true,
  KeyRetired: true,
};

function fixture(file: string): readonly StoredDomainEvent[] {
  const upcasters = new Upcasters(upcastsByType());
  const stored = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly StoredDomainEvent[];
  return stored.map((event) => upcasters.upcast(storedEvent(event)));
}

describe('events of every schema version ever written', () => {
  it('are all among the fixtures', () => {
    const written = readdirSync(FOLDER).flatMap(
      (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly StoredDomainEvent[],
    );
    const held = new Set(written.map((event) => `${event.type} ${event.schemaVersion}`));
    const upcasts = upcastsByType();
    const wanted = Object.keys(TYPES).flatMap((type) =>
      [undefined, ...(upcasts[type] ?? [])].map((_, index) => `${type} ${index + 1}`),
    );
    expect([...held]).to.have.members(wanted);
  });

  it('fold to the network they describe', () => {
    const events = fixture('network-stream.v1.json').map((event) => eventOf(NETWORK, event));
    const standing = evolveNetworkThrough(null, events.slice(0, 7));
    expect(standing).to.deep.include({ name: 'dev', mode: 'agent_proxy', maxStalenessSeconds: 86_400, version: 7 });
    expect([...(standing?.sandboxes.values() ?? [])]).to.deep.equal([
      {
        ...{ sandboxId: 'sbx-web', agentId: 'host-b', labels: { tier: 'back' } },
        ...{ attachedSince: 2, placedSince: 6, labelledSince: 7 },
      },
    ]);
    expect([...(standing?.aliases.values() ?? [])]).to.deep.equal([
      { alias: 'web', sandboxId: 'sbx-web', ports: [{ published: 80, target: 8080 }], since: 4 },
    ]);
    expect([...(standing?.rules.values() ?? [])]).to.deep.equal([
      {
        id: 'rule-4f9c21ab',
        effect: 'allow',
        from: { kind: 'label', key: 'tier', value: 'front' },
        to: 'web',
        port: 80,
        until: null,
        since: 5,
      },
    ]);
    const ended = evolveNetworkThrough(null, events);
    expect(ended).to.include({ deleted: true, version: events.length });
    expect([ended?.sandboxes.size, ended?.aliases.size, ended?.rules.size]).to.deep.equal([0, 0, 0]);
  });

  it('fold to egress rules, the earlier ones without an exit', () => {
    const [before, after] = ['network-stream.v1.json', 'network-egress.v2.json'].map((file) =>
      fixture(file)
        .map((event) => eventOf(NETWORK, event))
        .filter(({ type }) => type === 'EgressRuleAdded'),
    );
    expect(before?.map(({ data }) => data)).to.deep.equal([
      {
        ...{ ruleId: 'rule-5e0d32bc', effect: 'allow', from: 'label:tier=back', to: '*.packages.example.com' },
        ...{ port: 443, private: false, via: null, until: null },
      },
    ]);
    expect(after?.map(({ data }) => data)).to.deep.equal([
      {
        ...{ ruleId: 'rule-77ab01cd', effect: 'allow', from: 'web', to: 'api.example.com' },
        ...{ port: 443, private: false, via: 'host-b', until: null },
      },
    ]);
  });

  it('fold to rules that end, and to what is left when they have ended', () => {
    const events = fixture('network-ends.v2.json').map((event) => eventOf(NETWORK, event));
    const standing = evolveNetworkThrough(null, events.slice(0, 3));
    expect(standing?.rules.get('rule-1f2e3d4c' as RuleId)?.until).to.equal('2026-01-31T12:00:00.000Z');
    expect(standing?.egressRules.get('rule-9a8b7c6d' as RuleId)?.until).to.equal('2026-01-31T12:30:00.000Z');
    const ended = evolveNetworkThrough(null, events);
    expect([ended?.rules.size, ended?.egressRules.size, ended?.version]).to.deep.equal([0, 0, 5]);
  });

  it('fold to the sandbox they describe', () => {
    const events = fixture('sandbox-stream.v1.json').map((event) => eventOf(SANDBOX, event));
    const states = events.map((_, index) => events.slice(0, index + 1).reduce(evolveSandbox, null));
    const first = { sandboxId: 'sbx-web', labels: { tier: 'front' }, labelledSince: 3 };
    expect(states[4]).to.deep.equal({
      ...{ ...first, version: 5, agentId: 'host-a', placedSince: 2, formerAgentId: null },
      ...{ address: '10.77.0.3', driver: 'netns', present: true, pinnedTo: null, pinnedSince: 1 },
    });
    expect(states[5]).to.include({ agentId: null, formerAgentId: 'host-a', present: false, version: 6 });
    expect(states[9]).to.deep.equal({
      ...{ ...first, version: 10, agentId: 'host-b', placedSince: 9, formerAgentId: 'host-a' },
      ...{ address: '10.77.0.9', driver: 'netns', present: true, pinnedTo: 'host-b', pinnedSince: 10 },
    });
    expect(states[10]).to.include({ pinnedTo: null, pinnedSince: 11, version: 11 });
  });

  it('fold to the agent they describe', () => {
    const events = fixture('agent-stream.v1.json').map((event) => eventOf(AGENT, event));
    const renewed = events.slice(0, 2).reduce(evolveAgent, null);
    expect(renewed).to.include({ agentId: 'host-a', status: 'enrolled', version: 2 });
    expect(renewed?.meshKeyThumbprint).to.match(/^60303ae2/);
    expect(events.reduce(evolveAgent, null)).to.include({ status: 'revoked', version: 3 });
  });

  it('fold to the key they describe', () => {
    const events = fixture('store-key-stream.v1.json').map((event) => eventOf(STORE_KEY, event));
    const stages = events.map((_, index) => events.slice(0, index + 1).reduce(evolveStoreKey, null)?.stage);
    expect(stages).to.deep.equal(['offered', 'used', 'settled']);
    const [from, to] = ['MCowBQYDK2VwAyEAold', 'MCowBQYDK2VwAyEAnew'];
    const successions = [{ key: 'signing', from, to, signature: 'c2lnbmVk' }];
    expect(events.reduce(evolveStoreKey, null)).to.deep.include({ inUse: to, next: null, former: [from], successions });
  });

  it('fold to the local node they describe', () => {
    const events = fixture('local-node-stream.v1.json').map((event) => eventOf(LOCAL_NODE, event));
    const renewed = events.slice(0, 2).reduce(evolveLocalNode, null);
    expect(renewed).to.include({ user: 'ada', status: 'joined', version: 2, expiresAt: '2026-01-31T10:43:00.120Z' });
    const after = events.map((_, index) => events.slice(0, index + 1).reduce(evolveLocalNode, null)?.status);
    expect(after).to.deep.equal(['joined', 'joined', 'expired', 'left', 'revoked']);
  });
});
