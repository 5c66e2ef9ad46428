import { expect } from 'chai';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { DnsRecord, DnsZone, DnsZoneChange } from '#libs/data-plane/dns/zone.js';
import { changeZone, indexZone, type ZoneIndex } from '#libs/data-plane/dns/zone-index.js';
import { answerTo, serveIndex } from './asked-zone.js';

const NETWORKS = ['dev', 'prod'];
const ALIASES = ['api', 'web', 'db', 'cache'];
const CLIENTS = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const QUESTIONS = [
  ...NETWORKS.flatMap((network) =>
    ALIASES.flatMap((alias) => [`${alias}.${network}.gstacks A`, `_80._tcp.${alias}.${network}.gstacks SRV`]),
  ),
  ...[1, 2, 3].map((last) => `${last}.0.77.127.in-addr.arpa PTR`),
  'dev.gstacks SOA',
  'other.gstacks A',
];

/** By network and alias; null for a network that is not served. */
type Names = ReadonlyMap<string, DnsRecord | null>;

const record = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom([80], [80, 443]));
/** null: not served; undefined: removed. */
const step = fc.record({
  names: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...NETWORKS),
      fc.constantFrom(...ALIASES),
      fc.option(fc.option(record, { nil: null }), { nil: undefined }),
    ),
    { selector: ([network, alias]) => `${network} ${alias}`, maxLength: 5 },
  ),
  clients: fc.option(fc.array(fc.tuple(fc.constantFrom(...CLIENTS), fc.subarray(NETWORKS))), { nil: null }),
});

const clientsOf = (clients: readonly (readonly [string, readonly string[]])[]): DnsZone['clients'] =>
  clients.map(([address, networks]) => ({ address, sandboxId: 'sbx' as SandboxId, networks, complete: true }));

const zoneOf = (revision: number, names: Names, clients: DnsZone['clients']): DnsZone => ({
  revision,
  serial: revision,
  networks: NETWORKS.map((name) => {
    const own = [...names].filter(([key]) => key.startsWith(`${name} `));
    return {
      name,
      records: own.flatMap(([, known]) => known ?? []),
      unserved: own.flatMap(([key, known]) => (known === null ? [key.slice(name.length + 1)] : [])),
    };
  }),
  clients,
});

function answers(index: ZoneIndex): readonly string[] {
  const served = serveIndex(() => index);
  return QUESTIONS.flatMap((question) =>
    CLIENTS.map((client) => {
      const [name = '', type = 'A'] = question.split(' ');
      const packet = encode({ id: 1, type: 'query', questions: [{ name, type: type as 'A' }] });
      return `${question} ${client}: ${answerTo(served, packet, client)?.toString('hex')}`;
    }),
  );
}

describe('a zone that follows changes', () => {
  it('answers as the whole zone that they lead to', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let names: Names = new Map();
        let clients = clientsOf([[CLIENTS[0] ?? '', NETWORKS]]);
        let index = indexZone(zoneOf(1, names, clients), 7);
        for (const [at, { names: changed, clients: told }] of steps.entries()) {
          const next = new Map(names);
          for (const [network, alias, known] of changed) {
            const address = known && `127.77.0.${known[0]}`;
            if (known === undefined) next.delete(`${network} ${alias}`);
            else next.set(`${network} ${alias}`, known && { alias, address: address ?? '', ports: known[1] });
          }
          if (told !== null) clients = clientsOf(told);
          const revision = at + 2;
          const change: DnsZoneChange = {
            ...{ from: revision - 1, revision, serial: revision },
            networks: NETWORKS.map((name) => {
              const own = changed.filter(([network]) => network === name);
              return {
                name,
                records: own.flatMap(([, alias]) => next.get(`${name} ${alias}`) ?? []),
                unserved: own.flatMap(([, alias, known]) => (known === null ? [alias] : [])),
                gone: own.flatMap(([, alias, known]) => (known === undefined ? [alias] : [])),
              };
            }),
            clients: told === null ? null : { clients },
          };
          index = changeZone(index, change);
          names = next;
          // In the same order: several names of one address are ordered by when they were added.
          const whole = indexZone(zoneOf(revision, names, clients), 7);
          expect([...answers(index)].map(sorted)).to.deep.equal([...answers(whole)].map(sorted));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is left as it was by one that cannot be served', () => {
    const [api, bad] = [
      { alias: 'api', address: '127.77.0.1', ports: [80] },
      { alias: 'web', address: 'nowhere', ports: [80] },
    ];
    const index = indexZone(zoneOf(1, new Map([['dev api', api]]), clientsOf([['10.0.0.1', NETWORKS]])), 7);
    const before = answers(index);
    const of = (name: string, records: readonly DnsRecord[]): DnsZoneChange => ({
      ...{ from: 1, revision: 2, serial: 2, clients: null },
      networks: [{ name, records, unserved: [], gone: ['api'] }],
    });
    for (const change of [of('dev', [bad]), of('other', [api])]) {
      expect(() => changeZone(index, change)).to.throw(InvalidInputError);
      expect(answers(index)).to.deep.equal(before);
    }
  });

  it('keeps names apart however often one comes and goes', () => {
    let index = indexZone(zoneOf(1, new Map(), clientsOf([['10.0.0.1', NETWORKS]])), 7);
    for (let revision = 2; revision < 3_000; revision += 1) {
      const records = [{ alias: `a${revision % 50}`, address: '127.77.0.1', ports: [80] }];
      const gone = [`a${(revision + 25) % 50}`];
      const networks = [{ name: 'dev', records, unserved: [], gone }];
      index = changeZone(index, { from: revision - 1, revision, serial: 1, networks, clients: null });
    }
    expect(index.names.octets.length).to.be.lessThan(10_000);
  });
});

/** The octets of an answer about an address with several names, in any order. */
function sorted(text: string): string {
  return text.includes(' PTR ') ? [...text].sort().join('') : text;
}
