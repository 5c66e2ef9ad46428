import { expect } from 'chai';
import { encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { readQuery } from '#libs/data-plane/dns/query.js';

const QUESTION: Packet = { id: 7, type: 'query', questions: [{ name: 'api.dev.gstacks', type: 'A' }] };

function packet(change: (bytes: Buffer) => Buffer | undefined = () => undefined, message: Packet = QUESTION): Buffer {
  const bytes = Buffer.from(encode({ ...message }));
  return change(bytes) ?? bytes;
}

function withOpt(change: (opt: Buffer) => Buffer | undefined = () => undefined, copies = 1): Buffer {
  // Root owner, type 41, payload 1400, extended rcode 0, version 0, DO, no options: RFC 6891 section 6.1.2.
  const opt = Buffer.from([0, 0, 41, 0x05, 0x78, 0, 0, 0x80, 0, 0, 0]);
  const changed = change(opt) ?? opt;
  return packet((bytes) => {
    bytes[11] = copies;
    return Buffer.concat([bytes, ...Array.from({ length: copies }, () => changed)]);
  });
}

const name = (...labels: readonly number[]): Buffer =>
  Buffer.concat([
    ...labels.map((length) => Buffer.concat([Buffer.of(length), Buffer.alloc(length, 0x61)])),
    Buffer.of(0),
  ]);

/** A header that counts one question, and a question for this name A IN. */
const asking = (wire: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), wire, Buffer.from([0, 1, 0, 1])]);

describe('DNS header guard', () => {
  const set =
    (offset: number, value: number) =>
    (bytes: Buffer): undefined => {
      bytes[offset] = value;
    };
  const rows: readonly [what: string, bytes: Buffer, outcome: string][] = [
    ['a plain query', packet(), 'query'],
    ['a query with EDNS', withOpt(), 'query'],
    ['no octet', Buffer.alloc(0), 'drop'],
    ['eleven octets', packet().subarray(0, 11), 'drop'],
    ['a response', packet(set(2, 0x80)), 'drop'],
    ['a header alone that counts no question', Buffer.alloc(12), 'FORMERR'],
    ['opcode STATUS', packet(set(2, 2 << 3)), 'NOTIMP'],
    ['opcode UPDATE', packet(set(2, 5 << 3)), 'NOTIMP'],
    ['two questions counted', packet(set(5, 2)), 'FORMERR'],
    ['65,535 questions counted in 28 octets', packet(set(4, 0xff)).subarray(0, 28), 'FORMERR'],
    ['an answer counted', packet(set(7, 1)), 'FORMERR'],
    ['an authority counted', packet(set(9, 1)), 'FORMERR'],
    ['65,535 additionals counted and none there', packet(set(10, 0xff)), 'FORMERR'],
    ['an octet left over', packet((bytes) => Buffer.concat([bytes, Buffer.of(0)])), 'FORMERR'],
    ['a question cut in its name', packet().subarray(0, 20), 'FORMERR'],
    ['a question cut in its class', packet().subarray(0, packet().length - 1), 'FORMERR'],
    ['a pointer to itself as name', asking(Buffer.from([0xc0, 12])), 'FORMERR'],
    ['a label of 64 octets', asking(name(64)), 'FORMERR'],
    ['a name of 255 octets', asking(name(63, 63, 63, 61)), 'query'],
    ['a name of 256 octets', asking(name(63, 63, 63, 62)), 'FORMERR'],
    ['the root', asking(name()), 'query'],
    ['class CHAOS', packet((bytes) => set(bytes.length - 1, 3)(bytes)), 'REFUSED'],
    ['class ANY', packet((bytes) => set(bytes.length - 1, 255)(bytes)), 'REFUSED'],
    ['type AXFR', packet((bytes) => set(bytes.length - 3, 252)(bytes)), 'REFUSED'],
    ['type OPT as a question', packet((bytes) => set(bytes.length - 3, 41)(bytes)), 'FORMERR'],
    ['EDNS version 1', withOpt(set(6, 1)), 'BADVERS'],
    ['two OPT records', withOpt(undefined, 2), 'FORMERR'],
    ['an OPT record cut short', withOpt((opt) => opt.subarray(0, 8)), 'FORMERR'],
    ['an OPT record with a name', withOpt((opt) => Buffer.concat([Buffer.from([1, 0x61]), opt])), 'FORMERR'],
    ['OPT data longer than the packet', withOpt(set(10, 9)), 'FORMERR'],
  ];
  const RCODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 4: 'NOTIMP', 5: 'REFUSED', 16: 'BADVERS' };
  for (const [what, bytes, outcome] of rows) {
    it(`${what}: ${outcome}`, () => {
      const read = readQuery(bytes);
      expect(read.kind === 'reject' ? RCODES[read.rcode] : read.kind).to.equal(outcome);
    });
  }

  it('reads name, type, labels and EDNS', () => {
    const bytes = withOpt();
    expect(readQuery(bytes)).to.deep.equal({
      kind: 'query',
      nameEnd: 29,
      lastLabel: 20,
      secondLastLabel: 16,
      type: 1,
      questionEnd: bytes.length - 11,
      edns: { payloadBytes: 1400, dnssecOk: true },
    });
  });

  it('reads back every query that dns-packet writes', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/);
    const names = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
    const types = fc.constantFrom('A', 'AAAA', 'SOA', 'NS', 'TXT', 'SRV', 'PTR', 'MX') as fc.Arbitrary<'A'>;
    fc.assert(
      fc.property(names, types, fc.boolean(), (asked, type, edns) => {
        const opt = {
          type: 'OPT' as const,
          name: '.',
          udpPayloadSize: 900,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
        };
        const bytes = encode({
          questions: [{ name: asked, type }],
          additionals: edns ? [{ ...opt, flag_do: false, options: [] }] : [],
        });
        const read = readQuery(bytes);
        if (read.kind !== 'query') throw new Error(read.kind);
        const labels = asked.split('.');
        const last = labels.at(-1) ?? '';
        expect(read.nameEnd).to.equal(12 + asked.length + 2);
        expect(read.lastLabel).to.equal(read.nameEnd - 1 - last.length - 1);
        expect(read.secondLastLabel).to.equal(
          labels.length < 2 ? 0 : read.lastLabel - 1 - (labels.at(-2) ?? '').length,
        );
        expect(read.edns?.payloadBytes ?? null).to.equal(edns ? 900 : null);
      }),
    );
  });

  it('never throws, whatever arrives, and reads no further than the packet', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      // Mostly valid: a query with a few changed octets.
      fc.tuple(fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(60)).map(([changes, length]) => {
        const changed = withOpt();
        for (const [offset, value] of changes) changed[offset % changed.length] = value;
        return new Uint8Array(changed.subarray(0, length));
      }),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        const read = readQuery(Buffer.from(input));
        if (read.kind === 'query') expect(read.questionEnd).to.be.at.most(input.length);
        if (read.kind === 'reject') expect(read.questionEnd).to.be.at.most(input.length);
      }),
      { numRuns: 5_000 },
    );
  });
});
