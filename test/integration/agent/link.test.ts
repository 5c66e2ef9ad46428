import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { InventoryMessage, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { expectFoundByDials } from '#test/support/broken-isolation.js';
import { ECHO, SCAN_TCP, SCAN_UDP } from '#test/support/container-programs.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { HostNamespace, inside, ip, nodeInside } from '#test/support/host-namespace.js';
import { expectMended } from '#test/support/mended-rules.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);
const AGENT_ADDRESS = '10.80.0.1';
const NAME = 'http://api.dev.gstacks:8080/';
const HOST_PORT = 9_999;
const UNUSED_PROXY = '10.80.200.200';
const FOLLOWS_WITHIN_MS = 2_000;
const SERVER = `require('node:http').createServer((q, r) => r.end('from api')).listen(8080, '0.0.0.0')`;
const MANY = 500;
const MANY_WITHIN_MS = 30_000;

describe('an agent with the driver link', function () {
  this.timeout(120_000);
  let plane: FakeControlPlane;
  let host: HostNamespace;
  let agent: AgentProcess;
  const guests: string[] = [];
  const children: { kill(signal: NodeJS.Signals): void }[] = [];

  before(async () => {
    host = await HostNamespace.make();
    plane = await FakeControlPlane.start(host.machine);
    await makeGuest('web', '10.81.0.2');
    await makeGuest('api', '10.81.0.3');
    await makeGuest('third', '10.81.0.4');
    children.push(nodeInside(guest('api'), SERVER));
    agent = new AgentProcess(
      'host-a',
      plane.url,
      { GLOBALSTACKS_AGENT_DRIVER: 'link', GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:0` },
      ['nsenter', `--net=/run/netns/${host.name}`],
    );
    writeFileSync(
      agent.sandboxesFile,
      JSON.stringify([
        { id: 'sbx-web', interface: 'web0', address: '10.81.0.2' },
        { id: 'sbx-odd', interface: '../odd', address: '10.81.0.9' },
        { id: 'sbx-api', interface: 'api0', address: '10.81.0.3' },
      ]),
    );
    agent.start();
    await reported('sbx-web');
    await reported('sbx-api');
    await plane.publish(
      agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a', 'sbx-third': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-web api 8080'],
      }),
    );
    await plane.acknowledgement(1);
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await agent?.remove();
    for (const name of guests) await ip('netns', 'del', name);
    await plane?.close();
    await host?.remove();
  });

  const guest = (name: string) => `${host.name}-${name}`;

  /** As a runtime's script does it: an interface of the host, and the guest's own address and routes. */
  async function makeGuest(name: string, address: string): Promise<void> {
    const namespace = guest(name);
    await ip('netns', 'add', namespace);
    guests.push(namespace);
    await connectGuest(name, address);
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }

  async function connectGuest(name: string, address: string): Promise<void> {
    const namespace = guest(name);
    await ip('-n', host.name, 'link', 'add', `${name}0`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip('-n', host.name, 'link', 'set', `${name}0`, 'up');
    await ip('-n', namespace, 'address', 'add', `${address}/32`, 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await ip('-n', namespace, 'route', 'add', AGENT_ADDRESS, 'dev', 'eth0');
    await ip('-n', namespace, 'route', 'add', 'default', 'via', AGENT_ADDRESS, 'dev', 'eth0');
  }

  const inventory = (): InventoryMessage | undefined => plane.inventories.at(-1);
  const report = (id: string) => inventory()?.sandboxes.find(({ sandboxId }) => sandboxId === id);
  const reported = (id: string): Promise<SandboxReport> => waitFor(`${id} is reported`, () => report(id));
  const gone = (id: string) => waitFor(`${id} is gone`, () => report(id) === undefined, FOLLOWS_WITHIN_MS);
  const dig = async (name: string, ...args: readonly string[]) =>
    (await inside(guest(name), 'dig', `@${AGENT_ADDRESS}`, '+tries=1', '+time=1', ...args)).output;
  const proxyAddress = async () => (await dig('web', '+short', 'api.dev.gstacks')).trim();

  async function curl(name: string, ...options: readonly string[]) {
    const proxy = await proxyAddress();
    const toProxy = ['--resolve', `api.dev.gstacks:8080:${proxy}`];
    return inside(guest(name), 'curl', '-sS', '-m', '3', ...toProxy, ...options, NAME);
  }

  async function api(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
    const socketPath = join(agent.stateFolder, 'links.sock');
    const outgoing = request({ socketPath, method, path, agent: false });
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = await once(outgoing, 'response');
    return { status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() };
  }

  it('takes the links of its list as isolated, and shows the one that it cannot take', async () => {
    expect(report('sbx-web')).to.deep.include({ isolation: 'enforced', source: 'verified', dns: 'active' });
    const [refused] = inventory()?.refused ?? [];
    expect(refused).to.deep.include({ name: '[1]', code: 'LINK_INVALID' });
    expect(refused?.message).to.contain('../odd');
  });

  it('carries a dial by name, and resets one that is not allowed', async () => {
    await waitFor('the API serves', async () => (await curl('web')).output === 'from api');
    const refused = await curl('api');
    expect(refused.code, refused.output).to.be.oneOf([7, 56]);
  });

  it('lets a guest reach the resolver and the proxies, and nothing else of the host or of its neighbours', async () => {
    const echo = run('ip', ['netns', 'exec', host.name, '/usr/bin/python3', '-c', ECHO, String(HOST_PORT)]);
    echo.catch(() => {});
    children.push(echo.child);
    await waitFor('the host has a service', async () =>
      (await inside(host.name, 'curl', '-s', '--http0.9', `http://${host.address}:${HOST_PORT}/`)).output.includes(
        'host',
      ),
    );
    const proxy = await proxyAddress();
    const python = async (program: string, places: unknown) =>
      JSON.parse((await inside(guest('web'), '/usr/bin/python3', '-c', program, JSON.stringify(places))).output);
    const open = await python(SCAN_TCP, [
      [AGENT_ADDRESS, 1, 10_000],
      [proxy, 1, 10_000],
      [host.address, HOST_PORT, HOST_PORT],
      [host.machine, 80, 80],
      ['10.81.0.3', 8080, 8080],
    ]);
    expect(open).to.deep.equal([
      [AGENT_ADDRESS, 53],
      [proxy, 8080],
    ]);
    const asked = [AGENT_ADDRESS, host.address].flatMap((address) => [53, HOST_PORT].map((port) => [address, port]));
    expect(await python(SCAN_UDP, asked)).to.have.deep.members([
      [AGENT_ADDRESS, 53],
      [host.address, 53],
    ]);
    const link6 = /inet6 (fe80[0-9a-f:]+)/.exec(await ip('-n', host.name, '-6', 'address', 'show', 'dev', 'web0'))?.[1];
    expect(await python(SCAN_TCP, [[`${link6}%eth0`, HOST_PORT, HOST_PORT]])).to.deep.equal([]);
  });

  it('tries from a link of its own what no guest may reach, and reports guests as broken while something answers', async () => {
    const place = { plane, agentId: agent.id, sandboxId: 'sbx-third' };
    await expectFoundByDials(host.name, UNUSED_PROXY, place, () =>
      api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' }),
    );
    expect((await api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
  });

  it('notices that its rules were flushed, says so, and has them again within a minute', async () => {
    await expectMended(
      agent,
      plane,
      async () => (await inside(host.name, 'nft', 'list', 'table', 'inet', 'gstacks_links')).output,
      () => inside(host.name, 'nft', 'flush', 'ruleset'),
    );
    expect((await curl('web')).output).to.equal('from api');
  });

  it("drops what has another's address", async () => {
    await ip('-n', guest('third'), 'address', 'add', '10.81.0.2/32', 'dev', 'lo');
    await api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' });
    await reported('sbx-third');
    expect(await dig('third', 'api.dev.gstacks')).to.contain('NOERROR');
    expect(await dig('third', '-b', '10.81.0.2', 'api.dev.gstacks')).to.match(/timed out|no servers/);
    const forged = await curl('third', '--interface', '10.81.0.2');
    expect(forged.code, forged.output).to.equal(28);
    await ip('-n', guest('third'), 'address', 'del', '10.81.0.2/32', 'dev', 'lo');
  });

  it('serves a guest whose gateway is an address of the host on the link, as Firecracker is mostly set up', async () => {
    const namespace = guest('fire');
    await ip('netns', 'add', namespace);
    guests.push(namespace);
    await ip('-n', host.name, 'link', 'add', 'fire0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip('-n', host.name, 'address', 'add', '172.30.9.1/30', 'dev', 'fire0');
    await ip('-n', host.name, 'link', 'set', 'fire0', 'up');
    await ip('-n', namespace, 'address', 'add', '172.30.9.2/30', 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await ip('-n', namespace, 'route', 'add', 'default', 'via', '172.30.9.1');
    expect((await api('PUT', '/v1/links/sbx-third', { interface: 'fire0', address: '172.30.9.2' })).status).to.equal(
      200,
    );
    const look = ['dig', '@172.30.9.1', '+short', '+tries=1', 'api.dev.gstacks'];
    const { output } = await inside(namespace, ...look);
    expect(output).to.match(/^10\.80\./);
    const dial = await inside(namespace, 'curl', '-sS', '-m', '3', `http://${output.trim()}:8080/`);
    expect(dial.code, dial.output).to.be.oneOf([7, 56]);
    expect((await agent.logged('flow refused', agent.log.length - 1)).flow).to.deep.include({ code: 'DEFAULT_DENY' });
    await api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' });
    await ip('-n', host.name, 'link', 'del', 'fire0');
  });

  it('keeps the links of the local API over a restart, and forgets those that were deleted', async () => {
    expect(await agent.end('SIGTERM')).to.equal(0);
    plane.inventories.length = 0;
    agent.start();
    await reported('sbx-third');
    expect(JSON.parse((await api('GET', '/v1/links')).body).items).to.deep.equal([
      { id: 'sbx-third', interface: 'third0', address: '10.81.0.4' },
    ]);
    expect((await api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
    await gone('sbx-third');
    expect((await api('DELETE', '/v1/links/sbx-third')).status).to.equal(404);
    expect(await waitFor('the list is served again', async () => (await curl('web')).output)).to.equal('from api');
  });

  it('follows an interface that goes and comes again', async () => {
    await ip('-n', host.name, 'link', 'del', 'web0');
    await gone('sbx-web');
    expect(inventory()?.refused.map(({ code }) => code)).to.include('LINK_MISSING');
    await connectGuest('web', '10.81.0.2');
    await reported('sbx-web');
    expect((await curl('web')).output).to.equal('from api');
  });

  it('is opened by its owner alone', () => {
    expect(statSync(join(agent.stateFolder, 'links.sock')).mode & 0o777).to.equal(0o600);
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
    ["another's interface", 'PUT', 'sbx-x', { interface: 'web0', address: '10.81.0.9' }, 409, 'LINK_TAKEN'],
    ["another's address", 'PUT', 'sbx-x', { interface: 'third0', address: '10.81.0.2' }, 409, 'LINK_TAKEN'],
    ["the agent's address", 'PUT', 'sbx-x', { interface: 'third0', address: AGENT_ADDRESS }, 409, 'LINK_ADDRESS_TAKEN'],
  ];
  for (const [what, method, id, body, status, word] of bad) {
    it(`refuses ${what}, says what is wrong with it, and keeps nothing of it`, async () => {
      const answer = await api(method, `/v1/links/${id}`, body);
      expect(answer.status, answer.body).to.equal(status);
      expect(answer.body).to.contain(word);
      expect(JSON.parse(answer.body).remedy).to.be.a('string');
      expect(JSON.parse((await api('GET', '/v1/links')).body).items).to.deep.equal([]);
    });
  }

  it(`serves and forgets ${MANY} links of the local API within half a minute, and leaves nothing of them`, async () => {
    const numbers = Array.from({ length: MANY }, (_, number) => number);
    const addressOf = (number: number) => `10.82.${number >> 8}.${number & 255}`;
    const batch = numbers
      .flatMap((number) => [
        `link add m${number} type veth peer name p${number}`,
        `link set p${number} up`,
        `link set m${number} up`,
      ])
      .join('\n');
    writeFileSync(join(agent.folder, 'batch'), `${batch}\n`);
    await ip('-n', host.name, '-batch', join(agent.folder, 'batch'));
    const begun = performance.now();
    const put = (number: number) =>
      api('PUT', `/v1/links/many-${number}`, { interface: `m${number}`, address: addressOf(number) });
    expect(new Set((await Promise.all(numbers.map(put))).map(({ status }) => status))).to.deep.equal(new Set([200]));
    await waitFor('all are reported', () => inventory()?.sandboxes.length === MANY + 2, MANY_WITHIN_MS);
    await Promise.all(numbers.map((number) => api('DELETE', `/v1/links/many-${number}`)));
    await waitFor('all are gone', () => inventory()?.sandboxes.length === 2);
    expect(performance.now() - begun).to.be.lessThan(MANY_WITHIN_MS);
    expect(await ip('-n', host.name, 'route', 'show')).to.not.contain('10.82.');
    expect((await inside(host.name, 'nft', 'list', 'table', 'inet', 'gstacks_links')).output).to.not.contain('10.82.');
  });

  it('takes its rules and routes away at the end, where it is told to', async () => {
    await agent.end('SIGTERM');
    agent.set('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', 'true');
    plane.inventories.length = 0;
    agent.start();
    await reported('sbx-web');
    expect(await agent.end('SIGTERM')).to.equal(0);
    expect((await inside(host.name, 'nft', 'list', 'tables')).output).to.not.contain('gstacks_links');
    expect(await ip('-n', host.name, 'route', 'show', 'table', 'all')).to.not.match(/10\.8[01]\./);
  });
});
