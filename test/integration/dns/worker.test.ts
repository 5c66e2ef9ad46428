import { expect } from 'chai';
import type { DnsZone, DnsZoneChange } from '#libs/data-plane/dns/zone.js';
import { waitFor } from '#test/support/wait.js';
import { dig, type Served, serve, ZONE } from './served.js';

const NEXT = {
  ...ZONE,
  revision: 4,
  serial: 4,
  networks: [{ name: 'dev', records: [{ alias: 'web', address: '127.77.0.8', ports: [80] }] }],
};

const WEB = { alias: 'web', address: '127.77.0.8', ports: [80] };
/** Compared with ZONE: `web` is added to the network dev, and `api` is removed. */
const changeTo = (revision: number): DnsZoneChange => ({
  ...{ from: 3, revision, serial: revision, clients: null },
  networks: [{ name: 'dev', records: [WEB], unserved: [], gone: ['api'] }],
});
const CHANGED: DnsZone = {
  ...ZONE,
  revision: 4,
  networks: [{ name: 'dev', records: [WEB] }, ...ZONE.networks.slice(1)],
};

describe('DNS worker', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.server.close());

  it('serves a new zone as soon as it is loaded, and none of the old', async () => {
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
    await served.server.load(NEXT);
    expect(await served.server.revision()).to.equal(4);
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NXDOMAIN');
  });

  it('that is killed is reported, started again, and serves the last zone, counts kept', async () => {
    await served.server.load(NEXT);
    await dig(served.port, 'web.dev.gstacks');
    const { queries } = await served.server.counters();
    await served.killWorker();
    await waitFor('the worker is back', () => served.events.some((event) => event.kind === 'worker-restarted'));
    expect(served.events.map((event) => event.kind)).to.deep.equal(['worker-died', 'worker-restarted']);
    expect(await served.server.revision()).to.equal(4);
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
    expect((await dig(served.port, '+tcp', 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
    expect((await served.server.counters()).queries).to.equal(queries + 2);
  });

  it('that is killed during a load is replaced, and the load resolves when its successor serves it', async () => {
    const killed = served.killWorker();
    await served.server.load(NEXT);
    await killed;
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
  });

  it('follows a change, and loads the whole zone where it serves another than the change starts from', async () => {
    const change = changeTo(4);
    await served.server.change(change, () => CHANGED);
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NXDOMAIN');
    expect((await dig(served.port, '-b', '127.0.0.2', 'db.prod.gstacks')).answers).to.deep.equal(['A 127.77.0.2']);

    await served.server.change({ ...changeTo(8), from: 7 }, () => ({ ...NEXT, revision: 8 }));
    expect(await served.server.revision()).to.equal(8);
    expect((await dig(served.port, '-b', '127.0.0.2', 'db.prod.gstacks')).status).to.equal('NXDOMAIN');
  });

  it('that is killed during a change, or after it, is replaced by one that serves what it led to', async () => {
    const killed = served.killWorker();
    await served.server.change(changeTo(4), () => CHANGED);
    await killed;
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
    await served.killWorker();
    await waitFor('the next', () => served.events.filter(({ kind }) => kind === 'worker-restarted').length === 2);
    expect((await dig(served.port, 'web.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.8']);
  });

  it('keeps the zone it has when a change of it cannot be served', async () => {
    const [dev] = changeTo(4).networks;
    const broken = { ...changeTo(4), networks: dev === undefined ? [] : [{ ...dev, gone: ['Not a label'] }] };
    const error = await served.server.change(broken, () => CHANGED).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'INVALID_INPUT');
    expect(await served.server.revision()).to.equal(3);
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  it('is replaced again and again', async () => {
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await served.killWorker();
      await waitFor(`replacement ${deaths}`, () => {
        return served.events.filter((event) => event.kind === 'worker-restarted').length === deaths;
      });
    }
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  it('keeps the zone it has when the next cannot be served, also over its own death', async () => {
    const broken = { ...NEXT, networks: [{ name: 'Not a label', records: [] }] };
    const error = await served.server.load(broken).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'INVALID_INPUT');
    expect(await served.server.revision()).to.equal(3);
    await served.killWorker();
    await waitFor('the worker is back', () => served.events.some((event) => event.kind === 'worker-restarted'));
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  it('leaves nothing behind when closed, also while it is being replaced', async () => {
    const other = await serve();
    await other.killWorker();
    await other.server.close();
    expect(await other.server.revision()).to.equal(null);
    expect(await dig(other.port, 'api.dev.gstacks').catch(() => 'no answer')).to.equal('no answer');
  });

  it('is not started with settings that cannot be read', async () => {
    expect(await serve({ upstreams: ['resolver.example:53'] }).catch((error: Error) => error.message)).to.include(
      'DNS upstream',
    );
    expect(await serve({ forbiddenRanges: ['10/8'] }).catch((error: Error) => error.message)).to.include('CIDR');
  });
});
