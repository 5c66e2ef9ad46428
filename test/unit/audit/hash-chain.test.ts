import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { eventHash, GENESIS_HASH, type HashedFields } from '#libs/audit/hash-chain.js';

const EVENT: HashedFields = {
  position: 7,
  streamId: 'network-1',
  streamVersion: 3,
  type: 'AliasPublished',
  schemaVersion: 1,
  dataText: '{"alias":"api"}',
  metadataText: '{}',
  actor: 'ada',
  commandId: 'c-1',
  correlationId: 'c-0',
  causationId: null,
  recordedAt: '2026-01-31T10:20:30.120Z',
};

describe('the hash of an event', () => {
  it('is SHA-256 over the JSON array of the previous hash and all fields', () => {
    const text =
      `["${GENESIS_HASH}",7,"network-1",3,"AliasPublished",1,"{\\"alias\\":\\"api\\"}","{}","ada","c-1","c-0",null,` +
      '"2026-01-31T10:20:30.120Z"]';
    expect(eventHash(GENESIS_HASH, EVENT)).to.equal(createHash('sha256').update(text).digest('hex'));
  });

  it('changes with the previous hash and with every field', () => {
    const changes: { readonly [Field in keyof HashedFields]: HashedFields[Field] } = {
      position: 8,
      streamId: 'network-2',
      streamVersion: 4,
      type: 'AliasRemoved',
      schemaVersion: 2,
      dataText: '{"alias": "api"}',
      metadataText: '{"a":1}',
      actor: 'bob',
      commandId: 'c-2',
      correlationId: 'c-2',
      causationId: '',
      recordedAt: '2026-01-31T10:20:30.121Z',
    };
    const hashes = Object.entries(changes).map(([field, value]) =>
      eventHash(GENESIS_HASH, { ...EVENT, [field]: value }),
    );
    hashes.push(eventHash(GENESIS_HASH, EVENT), eventHash('1'.repeat(64), EVENT));
    expect(new Set(hashes).size).to.equal(14);
  });

  it('tells apart events whose fields run together to the same text', () => {
    const first = eventHash(GENESIS_HASH, { ...EVENT, actor: 'a","b', commandId: 'c' });
    const second = eventHash(GENESIS_HASH, { ...EVENT, actor: 'a', commandId: 'b","c' });
    expect(first).not.to.equal(second);
  });
});
