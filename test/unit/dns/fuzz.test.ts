import { expect } from 'chai';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import type { SandboxId } from '#libs/contracts/ids.js';
import { countIn, createCounterMemory, readCounters } from '#libs/data-plane/dns/counters.js';
import { forbiddenBlocks } from '#libs/data-plane/dns/forbidden-ranges.js';
import { createHandler } from '#libs/data-plane/dns/handler.js';
import { createRateLimit } from '#libs/data-plane/dns/rate-limit.js';
import { createReverseNames } from '#libs/data-plane/dns/reverse-names.js';
import { indexZone } from '#libs/data-plane/dns/zone-index.js';

const LONGEST = 'l'.repeat(63);

describe('DNS handler under arbitrary packets', () => {
  const zone = indexZone(
    {
      revision: 1,
      serial: 1,
      networks: [{ name: LONGEST, records: [{ alias: LONGEST, address: '127.77.0.1', ports: [80] }] }],
      clients: [{ address: '10.0.0.1', sandboxId: 'sbx' as SandboxId, networks: [LONGEST], complete: true }],
    },
    1,
  );
  const memory = createCounterMemory();
  const handler = createHandler({
    outside: null,
    zone: () => zone,
    upstream: null,
    denied: () => {},
    reverseNames: createReverseNames(forbiddenBlocks(['127.77.0.0/16', 'fd00::/64'])),
    rateLimit: createRateLimit(1e9, 10),
    count: countIn(memory),
    now: () => 0,
  });

  /** Header and question of one name below the suffix, so that most inputs get as far as the zone. */
  const asking = fc
    .record({
      id: fc.nat(65_535),
      flags: fc.constantFrom(0, 0x0100, 0x0110),
      labels: fc.array(fc.oneof(fc.constantFrom(LONGEST, 'x'), fc.stringMatching(/^[!-~]{1,63}$/)), { maxLength: 3 }),
      type: fc.nat(65_535),
      opt: fc.boolean(),
    })
    .map(({ id, flags, labels, type, opt }) => {
      const wire = [...labels, 'gstacks'].map((label) => Buffer.from(String.fromCharCode(label.length) + label));
      const head = Buffer.alloc(12);
      head.writeUInt16BE(id, 0);
      head.writeUInt16BE(flags, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt16BE(opt ? 1 : 0, 10);
      const tail = Buffer.from([0, type >> 8, type & 0xff, 0, 1]);
      const optRecord = opt ? Buffer.from([0, 0, 41, 0xff, 0xff, 0, 0, 0, 0, 0, 0]) : Buffer.alloc(0);
      return Buffer.concat([head, ...wire, tail, optRecord]);
    });
  const anything = fc.uint8Array({ maxLength: 512 }).map((bytes) => Buffer.from(bytes));

  it('never throws, and every answer is one that dns-packet reads, with the id asked and within its room', () => {
    fc.assert(
      fc.property(fc.oneof(asking, anything), fc.constantFrom('10.0.0.1', '10.9.9.9'), (packet, source) => {
        const bytes = handler.handle(packet, source, 'udp');
        if (bytes instanceof Promise) throw new Error('nobody else to ask');
        if (bytes === null) return;
        expect(bytes.length).to.be.at.most(512);
        const answer = decode(bytes);
        expect(decode.bytes).to.equal(bytes.length);
        expect(answer.id).to.equal(packet.readUInt16BE(0));
        expect(answer.type).to.equal('response');
        const records = [...(answer.answers ?? []), ...(answer.authorities ?? []), ...(answer.additionals ?? [])];
        expect(records.length).to.be.at.most(2);
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not build what a packet of 28 octets counts', () => {
    const bomb = Buffer.from([0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...Buffer.alloc(16)]);
    const before = readCounters(memory).malformed;
    expect(handler.handle(bomb, '10.0.0.1', 'udp')).to.have.length(12);
    expect(readCounters(memory).malformed).to.equal(before + 1);
  });
});
