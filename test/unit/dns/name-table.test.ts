import { expect } from 'chai';
import fc from 'fast-check';
import { buildNameTable, createNameTable, isSameName, type NameTable } from '#libs/data-plane/dns/name-table.js';
import { wireName } from '#libs/data-plane/dns/zone-index.js';

const octets = (wire: string): Buffer => Buffer.from(wire, 'latin1');
const labels = fc.array(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 3 });
const names = fc.uniqueArray(
  labels.map((parts) => wireName(parts.join('.'))),
  { maxLength: 200 },
);

describe('DNS name table', () => {
  const table = (map: ReadonlyMap<string, number>, seed: number): NameTable => {
    const entries = [...map].map(([name, value]) => ({ name, value, payload: Uint8Array.of(value & 0xff, 7) }));
    return buildNameTable(entries, seed);
  };
  const found = (names: NameTable, packet: Buffer, start: number, end: number) => {
    const at = names.find(packet, start, end);
    if (at < 0) return undefined;
    const payload = names.octets.subarray(names.payloadStart(at), names.payloadEnd(at));
    expect([...payload]).to.deep.equal([names.valueAt(at) & 0xff, 7]);
    return names.valueAt(at);
  };

  it('finds what a map finds, wherever the name stands and in either case, and nothing else', () => {
    fc.assert(
      fc.property(names, names, fc.nat(0xffffffff), fc.nat(20), (kept, asked, seed, offset) => {
        const map = new Map(kept.map((name, index) => [name, index]));
        const built = table(map, seed);
        for (const name of [...kept, ...asked]) {
          const packet = Buffer.concat([Buffer.alloc(offset, 0x41), octets(name.toUpperCase()), Buffer.of(0xff)]);
          expect(found(built, packet, offset, offset + name.length)).to.equal(map.get(name));
        }
      }),
    );
  });

  it('grows while it is in use, and keeps what it has', () => {
    const growing = createNameTable(7, 1, 1);
    const names = Array.from({ length: 1_000 }, (_, index) => wireName(`A${index}.dev.gstacks`));
    names.forEach((name, index) => {
      expect(found(growing, octets(name), 0, name.length)).to.equal(undefined);
      growing.add(octets(`x${name}`), 1, name.length + 1, index, Uint8Array.of(index & 0xff, 7));
      const half = index >> 1;
      expect(found(growing, octets(names[half] ?? ''), 0, names[half]?.length ?? 0)).to.equal(half);
    });
    names.forEach((name, index) => {
      expect(found(growing, octets(name), 0, name.length)).to.equal(index);
    });
  });

  it('finds every one of ten thousand', () => {
    const map = new Map(Array.from({ length: 10_000 }, (_, index) => [wireName(`a${index}.dev.gstacks`), index]));
    const built = table(map, 7);
    for (const [name, value] of map) expect(found(built, octets(name), 0, name.length)).to.equal(value);
    expect(found(built, octets(wireName('a10000.dev.gstacks')), 0, 20)).to.equal(undefined);
  });

  it('compares one name in either case, to its end', () => {
    const name = octets(wireName('gstacks'));
    expect(isSameName(name, octets('\x07GStacks\0'), 0, 9)).to.equal(true);
    expect(isSameName(name, octets('\x07gstackz\0'), 0, 9)).to.equal(false);
    expect(isSameName(name, octets('\x07gstacks\0'), 0, 8)).to.equal(false);
  });
});
