import { expect } from 'chai';
import { parseAgentId, parseLocalNodeId, parseNetworkId, parseSandboxId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { EventUnknownError, eventOf, foldStored, idOfStream, streamOf } from '#libs/domain/aggregate.js';
import { storedEvent, upcastsByType } from '#libs/domain/aggregates.js';
import { listed } from '#libs/domain/listed.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import { withRule } from './network-fixtures.js';

const AGGREGATES = [NETWORK, SANDBOX, AGENT, LOCAL_NODE, STORE_KEY];

describe('streams', () => {
  it('are named by their kind and id', () => {
    expect([
      streamOf(NETWORK, parseNetworkId('0a1b', 'network')),
      streamOf(SANDBOX, parseSandboxId('sbx-web', 'sandbox')),
      streamOf(AGENT, parseAgentId('host-a', 'agent')),
      streamOf(LOCAL_NODE, parseLocalNodeId('laptop', 'node')),
    ]).to.deep.equal(['network-0a1b', 'sandbox-sbx-web', 'agent-host-a', 'local-node-laptop']);
  });

  it('give back the id to their own kind alone', () => {
    const names = AGGREGATES.map(({ prefix }) => `${prefix}network-`);
    for (const [index, { prefix }] of AGGREGATES.entries()) {
      expect(names.map((name) => idOfStream({ prefix }, name))).to.deep.equal(
        names.map((_, other) => (other === index ? 'network-' : null)),
      );
    }
  });

  it('fold from where they are known, by the shorter way where there is one', () => {
    const stored = withRule.map(storedEvent);
    const whole = foldStored(NETWORK, null, stored);
    expect(whole?.version).to.equal(withRule.length);
    const { evolveThrough: _, ...slowly } = NETWORK;
    expect(foldStored(slowly, null, stored)).to.deep.equal(whole);
    expect(foldStored(NETWORK, foldStored(NETWORK, null, stored.slice(0, 2)), stored.slice(2))).to.deep.equal(whole);
    expect(foldStored({ ...NETWORK, evolveThrough: () => null }, null, stored)).to.equal(null);
  });

  it('cannot be read past an event of a later release', () => {
    for (const [type, schemaVersion] of [
      ['NetworkRenamed', 1],
      ['NetworkDeleted', 99],
      ['toString', 1],
    ] as const) {
      expect(() => eventOf(NETWORK, { type, schemaVersion, data: {} }), type)
        .to.throw(EventUnknownError)
        .with.property('code', 'EVENT_UNKNOWN');
    }
  });

  it('have the steps from every earlier schema version of every event', () => {
    const schemas = Object.entries(Object.assign({}, ...AGGREGATES.map((aggregate) => aggregate.schemas)));
    expect(upcastsByType()).to.deep.equal(
      Object.fromEntries(schemas.map(([type, schema]) => [type, Object(schema).upcasts])),
    );
    const [withoutExit, withoutEnd] = upcastsByType().EgressRuleAdded ?? [];
    expect(withoutExit?.({ ruleId: 'rule-0001' })).to.deep.equal({ ruleId: 'rule-0001', via: null });
    for (const step of [withoutEnd, upcastsByType().PolicyRuleAdded?.[0]]) {
      expect(step?.({ ruleId: 'rule-0001' })).to.deep.equal({ ruleId: 'rule-0001', until: null });
    }
  });
});

describe('a list of names for people', () => {
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  for (const [count, text] of [
    [1, 'n0'],
    [2, 'n0, n1'],
    [10, 'n0, n1, n2, n3, n4, n5, n6, n7, n8, n9'],
    [12, 'n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more'],
  ] as const) {
    it(`of ${count}`, () => {
      expect(listed(names.slice(0, count))).to.equal(text);
    });
  }
});
