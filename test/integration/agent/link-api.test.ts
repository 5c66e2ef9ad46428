import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inside, ip } from '#test/support/host-namespace.js';
import { LinkRig } from '#test/support/link-rig.js';
import { cpuSeconds } from '#test/support/usage.js';
import { waitFor } from '#test/support/wait.js';

const MANY = 500;
const MANY_WITHIN_MS = 30_000;
const AT_ONCE = 100;
const FEW = 10;
const SOME = 400;
const ROUNDS = 25;
const TABLE = ['nft', 'list', 'table', 'inet', 'gstacks_links'];

describe('the local API of an agent with the driver link', function () {
  this.timeout(120_000);
  let rig: LinkRig;
  let programs: string;

  before(async () => {
    rig = await LinkRig.make();
    const { agent } = rig;
    programs = join(agent.folder, 'programs');
    agent.set('PATH', `${programs}:${process.env.PATH}`);
    await rig.makeGuest('web', '10.81.0.2');
    await rig.makeGuest('third', '10.81.0.4');
    await rig.makeInterfaces(MANY);
    writeFileSync(agent.sandboxesFile, JSON.stringify([{ id: 'sbx-web', interface: 'web0', address: '10.81.0.2' }]));
    agent.start();
    await rig.reported('sbx-web');
  });

  after(() => rig?.close());

  const third = { interface: 'third0', address: '10.81.0.4' };
  const putThird = () => rig.api('PUT', '/v1/links/sbx-third', third);
  const routes = () => ip('-n', rig.host.name, 'route', 'show');
  const rules = async () => (await inside(rig.host.name, ...TABLE)).output;

  it('is opened by its owner alone', () => {
    expect(statSync(join(rig.agent.stateFolder, 'links.sock')).mode & 0o777).to.equal(0o600);
  });

  it('keeps its links over a restart, and forgets those that were deleted', async () => {
    expect((await putThird()).status).to.equal(200);
    await rig.agent.end('SIGKILL');
    rig.plane.forgetInventories();
    rig.agent.start();
    await rig.reported('sbx-third');
    expect(await rig.links()).to.deep.equal([{ id: 'sbx-third', ...third }]);
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
    await rig.gone('sbx-third');
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(404);
    expect(await rules())
      .to.contain('10.81.0.2')
      .and.not.contain('10.81.0.4');
  });

  it('answers that links cannot be written, and then serves none that it would forget', async () => {
    const aside = join(rig.agent.stateFolder, 'links.json.new');
    mkdirSync(aside);
    const refused = await putThird();
    expect(refused.status, refused.body).to.equal(409);
    expect(refused.body).to.contain('LINKS_NOT_WRITTEN').and.contain('links.json');
    expect(await rig.links()).to.deep.equal([]);
    expect(await routes()).to.not.contain('third0');
    rmSync(aside, { recursive: true });
    expect((await putThird()).status).to.equal(200);
    mkdirSync(aside);
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(409);
    rmSync(aside, { recursive: true });
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(404);
  });

  it('answers that the rules cannot be loaded, and then keeps nothing', async () => {
    mkdirSync(programs);
    const nft = join(programs, 'nft');
    writeFileSync(nft, '#!/bin/sh\necho no memory >&2\nexit 1\n');
    chmodSync(nft, 0o755);
    const refused = await putThird();
    rmSync(nft);
    expect(refused.status, refused.body).to.equal(409);
    expect(JSON.parse(refused.body)).to.deep.include({ code: 'NFT_REFUSED', detail: 'nft: no memory' });
    expect(await rig.links()).to.deep.equal([]);
    expect((await putThird()).status).to.equal(200);
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
  });

  const bad: readonly (readonly [string, string, string, unknown, number, string])[] = [
    ['an interface that is none', 'PUT', 'sbx-x', { interface: 'a b', address: '10.81.0.9' }, 400, 'body.interface'],
    ['an address that is none', 'PUT', 'sbx-x', { interface: 'x0', address: '127.0.0.1' }, 400, 'body.address'],
    ['no address', 'PUT', 'sbx-x', { interface: 'x0' }, 400, 'body.address'],
    ['an id that is none', 'PUT', 'a%20b', { interface: 'x0', address: '10.81.0.9' }, 400, 'sandbox-id'],
    ['no JSON', 'PUT', 'sbx-x', '{', 400, 'MALFORMED_REQUEST'],
    ['too much', 'PUT', 'sbx-x', ' '.repeat(5_000), 413, 'BODY_TOO_LARGE'],
    ['another method', 'POST', 'sbx-x', {}, 404, 'ROUTE_NOT_FOUND'],
    ['an interface that is not there', 'PUT', 'sbx-x', { interface: 'x0', address: '10.81.0.9' }, 409, 'LINK_MISSING'],
    ["the host's uplink", 'PUT', 'sbx-x', { interface: 'lo', address: '10.81.0.9' }, 409, 'LINK_IS_UPLINK'],
    [
      'the interface to the control plane',
      'PUT',
      'sbx-x',
      { interface: 'uplink', address: '10.81.0.9' },
      409,
      'LINK_IS_UPLINK',
    ],
    ["another's interface", 'PUT', 'sbx-x', { interface: 'web0', address: '10.81.0.9' }, 409, 'LINK_TAKEN'],
    ["another's address", 'PUT', 'sbx-x', { interface: 'third0', address: '10.81.0.2' }, 409, 'LINK_TAKEN'],
    [
      "the agent's address",
      'PUT',
      'sbx-x',
      { interface: 'third0', address: LinkRig.AGENT_ADDRESS },
      409,
      'LINK_ADDRESS_TAKEN',
    ],
  ];
  for (const [what, method, id, body, status, word] of bad) {
    it(`refuses ${what}, says what is wrong with it, and keeps nothing of it`, async () => {
      const answer = await rig.api(method, `/v1/links/${id}`, body);
      expect(answer.status, answer.body).to.equal(status);
      expect(answer.body).to.contain(word);
      const { remedy } = JSON.parse(answer.body);
      expect(remedy).to.match(status === 409 ? /, and send the request again$/ : /\S/);
      expect(await rig.links()).to.deep.equal([]);
    });
  }

  const numbers = (first: number, end: number) => Array.from({ length: end - first }, (_, place) => first + place);

  /** Several requests at once, as a runtime sends them that starts many guests a second. */
  async function forEach(all: readonly number[], work: (number: number) => Promise<void>): Promise<void> {
    const waiting = [...all];
    const workOn = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) await work(number);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, workOn));
  }

  /**
   * CPU seconds of links that are added and removed one after the other, while others stay. The agent's dials to the
   * others have been done before; the agent sets their pace.
   */
  async function costOfSome(): Promise<number> {
    await waitFor('all were tried', () =>
      rig.inventory?.sandboxes.every(({ isolationEvidence }) => isolationEvidence !== null),
    );
    const before = cpuSeconds(rig.agent.pid);
    for (const number of numbers(MANY - ROUNDS, MANY)) {
      await rig.putMany(number);
      await rig.deleteMany(number);
    }
    return cpuSeconds(rig.agent.pid) - before;
  }

  it(`serves and forgets ${MANY} links within half a minute, at the same cost with ${SOME} as with ten`, async () => {
    let tookMs = 0;
    const timed = async (work: () => Promise<unknown>) => {
      const begun = performance.now();
      await work();
      tookMs += performance.now() - begun;
    };
    await timed(() => forEach(numbers(0, SOME), (number) => rig.putMany(number)));
    // What making so many at once left to be collected is collected first.
    await costOfSome();
    const withMany = await costOfSome();
    await timed(async () => {
      await forEach(numbers(SOME, MANY), (number) => rig.putMany(number));
      await waitFor('all are reported', () => rig.inventory?.sandboxes.length === MANY + 1, MANY_WITHIN_MS);
      await forEach(numbers(0, MANY), (number) => rig.deleteMany(number));
      await waitFor('all are gone', () => rig.inventory?.sandboxes.length === 1);
    });
    expect(tookMs).to.be.lessThan(MANY_WITHIN_MS);
    expect(await routes()).to.not.contain('10.82.');
    expect(await rules()).to.not.contain('10.82.');
    await forEach(numbers(0, FEW), (number) => rig.putMany(number));
    const withFew = await costOfSome();
    await forEach(numbers(0, FEW), (number) => rig.deleteMany(number));
    expect(withMany / withFew, `${withFew} s with few, ${withMany} s with many`).to.be.lessThan(1.5);
  });

  it('notices that another program took one element out of its sets, or put one in', async () => {
    await rig.putMany(1);
    const from = rig.agent.log.length;
    for (const [verb, address] of [
      ['delete', '10.82.0.1'],
      ['add', '10.82.0.99'],
    ]) {
      const change = `${verb} element inet gstacks_links sources { "m1" . ${address} }`;
      expect((await inside(rig.host.name, 'nft', change)).code, change).to.equal(0);
      await waitFor('the sets are as they were', async () => {
        const listed = await rules();
        return listed.includes('"m1" . 10.82.0.1') && !listed.includes('10.82.0.99');
      });
    }
    expect((await rig.agent.logged('sandbox driver failed', from)).code).to.equal('LINK_RULES_CHANGED');
    await rig.deleteMany(1);
  });

  it('has the rules of all its links at once after a flush, whatever came and went since they were loaded', async () => {
    await forEach(numbers(0, 20), (number) => rig.putMany(number));
    await forEach(numbers(0, 10), (number) => rig.deleteMany(number));
    await inside(rig.host.name, 'nft', 'flush', 'ruleset');
    await rig.putMany(30);
    const listed = await rules();
    for (const number of [...numbers(10, 20), 30]) expect(listed).to.contain(`"m${number}" . 10.82.0.${number}`);
    for (const number of numbers(0, 10)) expect(listed).to.not.contain(`"m${number}" .`);
    await forEach([...numbers(10, 20), 30], (number) => rig.deleteMany(number));
  });
});
