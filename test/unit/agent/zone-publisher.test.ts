import { expect } from 'chai';
import type { NamesChange } from '#apps/agent/dns/zone.js';
import { ZonePublisher } from '#apps/agent/dns/zone-publisher.js';
import { type NetworkId, parseNetworkId, parseSandboxId } from '#libs/contracts/ids.js';
import type { DnsZone, DnsZoneChange } from '#libs/data-plane/dns/zone.js';

const id = (text: string): NetworkId => parseNetworkId(text, 'network');
const [DEV, PROD] = [id('0a'), id('0b')];
const sandboxId = parseSandboxId('sbx-web', 'sandbox');
const record = (alias: string, last = 1) => ({ alias, address: `127.77.0.${last}`, ports: [80] });

const names = (name: string, changed: Partial<NamesChange>): NamesChange => ({
  ...{ name, records: [], unserved: [], gone: [], members: new Set([sandboxId]) },
  ...changed,
});

/** A DNS server that records its calls, and fails if a test says so. */
class Told {
  readonly steps: string[] = [];
  fails = false;
  clients = [{ address: '10.0.0.1', sandboxId }];
  readonly publisher = new ZonePublisher(
    {
      load: async (zone) => this.told(`load ${zone.networks.map(namesIn)}`),
      change: async ({ networks, clients }: DnsZoneChange, zone) => {
        const whole = zone().networks.map(namesIn);
        this.told(`${networks.map(namesIn)}${clients === null ? '' : ' clients'} of ${whole}`);
      },
    },
    () => this.clients,
    () => true,
    () => [],
    100,
  );

  private told(step: string): void {
    if (this.fails) throw new Error('the worker is silent');
    this.steps.push(step);
  }
}

function namesIn(network: DnsZone['networks'][number] & { readonly gone?: readonly string[] }): string {
  const { name, records, unserved = [], gone = [] } = network;
  const all = [
    ...records.map(({ alias }) => alias),
    ...unserved.map((alias) => `!${alias}`),
    ...gone.map((a) => `-${a}`),
  ];
  return `${name}(${all.join(' ')})`;
}

describe('the zone that DNS is told of', () => {
  let told: Told;
  beforeEach(async () => {
    told = new Told();
    await told.publisher.publish(DEV, names('dev', { records: [record('api'), record('web')], gone: 'all others' }));
    told.steps.length = 0;
  });

  it('is told name by name as it changes', async () => {
    await told.publisher.publish(DEV, names('dev', { records: [record('new')], unserved: ['web'], gone: ['api'] }));
    expect(told.steps).to.deep.equal(['dev(new !web -api) of dev(new !web)']);
    const served = told.publisher.served();
    expect([served?.revision, served?.recordOf('dev', 'new'), served?.recordOf('dev', 'web')]).to.deep.equal([
      102,
      record('new'),
      null,
    ]);
  });

  it('is told of clients when they change', async () => {
    await told.publisher.refresh();
    told.clients = [...told.clients, { address: '10.0.0.2', sandboxId }];
    await told.publisher.refresh();
    await told.publisher.publish(DEV, names('dev', { members: new Set() }));
    expect(told.steps).to.deep.equal([' of dev(api web)', ' clients of dev(api web)', 'dev() clients of dev(api web)']);
  });

  it('gathers what changes while a change is on its way', async () => {
    await Promise.all([
      told.publisher.publish(DEV, names('dev', { records: [record('one')] })),
      told.publisher.publish(DEV, names('dev', { records: [record('two')], gone: ['one'] })),
      told.publisher.publish(DEV, names('dev', { records: [record('two', 2)] })),
    ]);
    expect(told.steps).to.deep.equal(['dev(one) of dev(api web one)', 'dev(two -one) of dev(api web two)']);
  });

  for (const [what, [networkId, change]] of [
    ['a network comes', [PROD, names('prod', { records: [record('db')] })]],
    ['a network goes', [DEV, null]],
    ['another network has the same name', [PROD, names('dev', { records: [record('db')] })]],
    ['all of its names are told', [DEV, names('dev', { records: [record('db')], gone: 'all others' })]],
  ] as const) {
    it(`is told whole when ${what}`, async () => {
      await told.publisher.publish(networkId, change);
      expect(told.steps).to.have.length(1);
      expect(told.steps[0]).to.match(/^load /);
    });
  }

  it('is told whole after a change that was not taken', async () => {
    told.fails = true;
    const change = names('dev', { records: [record('new')] });
    expect(await told.publisher.publish(DEV, change).catch((error: Error) => error.message)).to.include('silent');
    told.fails = false;
    await told.publisher.refresh();
    expect(told.steps).to.deep.equal(['load dev(api web new)']);
  });
});
