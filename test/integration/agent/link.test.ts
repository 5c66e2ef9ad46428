import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { expectFoundByDials } from '#test/support/broken-isolation.js';
import { ECHO, everyPort, SCAN_TCP, SCAN_UDP } from '#test/support/container-programs.js';
import { inside, insideWithin, ip, nodeInside } from '#test/support/host-namespace.js';
import { LinkRig } from '#test/support/link-rig.js';
import { expectMended } from '#test/support/mended-rules.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);
const { AGENT_ADDRESS } = LinkRig;
const NAME = 'http://api.dev.gstacks:8080/';
const HOST_PORT = 9_999;
const UNUSED_PROXY = '10.80.200.200';
const SCANNED_WITHIN_MS = 60_000;
const SERVER = `require('node:http').createServer((q, r) => r.end('from api')).listen(8080, '0.0.0.0')`;

describe('an agent with the driver link', function () {
  this.timeout(120_000);
  let rig: LinkRig;
  const children: { kill(signal: NodeJS.Signals): void }[] = [];

  before(async () => {
    rig = await LinkRig.make();
    const { agent, plane } = rig;
    await rig.makeGuest('web', '10.81.0.2');
    await rig.makeGuest('api', '10.81.0.3');
    await rig.makeGuest('third', '10.81.0.4');
    children.push(nodeInside(guest('api'), SERVER));
    writeFileSync(
      agent.sandboxesFile,
      JSON.stringify([
        { id: 'sbx-web', interface: 'web0', address: '10.81.0.2' },
        { id: 'sbx-odd', interface: '../odd', address: '10.81.0.9' },
        { id: 'sbx-api', interface: 'api0', address: '10.81.0.3' },
      ]),
    );
    agent.start();
    await rig.reported('sbx-web');
    await rig.reported('sbx-api');
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
    await rig?.close();
  });

  const guest = (name: string) => rig.guest(name);
  const dig = async (name: string, ...args: readonly string[]) =>
    (await inside(guest(name), 'dig', `@${AGENT_ADDRESS}`, '+tries=1', '+time=1', ...args)).output;
  const proxyAddress = async () => (await dig('web', '+short', 'api.dev.gstacks')).trim();

  async function curl(name: string, ...options: readonly string[]) {
    const proxy = await proxyAddress();
    const toProxy = ['--resolve', `api.dev.gstacks:8080:${proxy}`];
    return inside(guest(name), 'curl', '-sS', '-m', '3', ...toProxy, ...options, NAME);
  }

  it('takes the links of its list as isolated, and shows the one that it cannot take', async () => {
    expect(rig.report('sbx-web')).to.deep.include({ isolation: 'enforced', source: 'verified', dns: 'active' });
    const [refused] = rig.inventory?.refused ?? [];
    expect(refused).to.deep.include({ name: 'item 2', sandboxId: 'sbx-odd', code: 'LINK_INVALID' });
    expect(refused?.message).to.match(/^item 2 of the list \(sbx-odd\): .*\.\.\/odd/);
  });

  it('carries a dial by name, and resets one that is not allowed', async () => {
    await waitFor('the API serves', async () => (await curl('web')).output === 'from api');
    const refused = await curl('api');
    expect(refused.code, refused.output).to.be.oneOf([7, 56]);
  });

  it('lets a guest reach the resolver and the proxies, and nothing else of the host or of its neighbours', async () => {
    const echo = run('ip', ['netns', 'exec', rig.host.name, '/usr/bin/python3', '-c', ECHO, String(HOST_PORT)]);
    echo.catch(() => {});
    children.push(echo.child);
    await waitFor('the host has a service', async () =>
      (
        await inside(rig.host.name, 'curl', '-s', '--http0.9', `http://${rig.host.address}:${HOST_PORT}/`)
      ).output.includes('host'),
    );
    const proxy = await proxyAddress();
    const python = async (program: string, places: unknown) => {
      const ask = ['/usr/bin/python3', '-c', program, JSON.stringify(places)];
      const { code, output } = await insideWithin(SCANNED_WITHIN_MS, guest('web'), ...ask);
      expect(code, output).to.equal(0);
      return JSON.parse(output);
    };
    const addresses = [...(await rig.host.addressesFrom('eth0')), AGENT_ADDRESS];
    expect(addresses).to.include.members([rig.host.address, rig.host.address6]);
    const others = [rig.host.machine, '10.81.0.3'];
    // A query to any address but a proxy's is redirected to the resolver.
    const led = [...addresses, ...others].filter((address) => !address.includes(':')).map((address) => [address, 53]);
    const open = await python(SCAN_TCP, everyPort([...addresses, ...others, proxy, UNUSED_PROXY]));
    expect(open).to.have.deep.members([...led, [proxy, 8080]]);
    const asked = [...addresses, ...others, UNUSED_PROXY].flatMap((address) =>
      [53, HOST_PORT, 123, 5353].map((port) => [address, port]),
    );
    expect(await python(SCAN_UDP, asked)).to.have.deep.members(led);
  });

  it('tries from a link of its own what no guest may reach, and reports guests as broken while something answers', async () => {
    const place = { plane: rig.plane, agentId: rig.agent.id, sandboxId: 'sbx-third' };
    await expectFoundByDials(rig.host.name, UNUSED_PROXY, place, () =>
      rig.api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' }),
    );
    expect((await rig.api('DELETE', '/v1/links/sbx-third')).status).to.equal(204);
  });

  it('notices that its rules were flushed, says so, and has them again within a minute', async () => {
    await expectMended(
      rig.agent,
      rig.plane,
      async () => (await inside(rig.host.name, 'nft', 'list', 'table', 'inet', 'gstacks_links')).output,
      () => inside(rig.host.name, 'nft', 'flush', 'ruleset'),
    );
    expect((await curl('web')).output).to.equal('from api');
  });

  it("drops what has another's address", async () => {
    await ip('-n', guest('third'), 'address', 'add', '10.81.0.2/32', 'dev', 'lo');
    await rig.api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' });
    await rig.reported('sbx-third');
    expect(await dig('third', 'api.dev.gstacks')).to.contain('NOERROR');
    expect(await dig('third', '-b', '10.81.0.2', 'api.dev.gstacks')).to.match(/timed out|no servers/);
    const forged = await curl('third', '--interface', '10.81.0.2');
    expect(forged.code, forged.output).to.equal(28);
    await ip('-n', guest('third'), 'address', 'del', '10.81.0.2/32', 'dev', 'lo');
  });

  it('serves a guest whose gateway is an address of the host on the link, as Firecracker is mostly set up', async () => {
    const namespace = await rig.makeNamespace('fire');
    await ip('-n', rig.host.name, 'link', 'add', 'fire0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip('-n', rig.host.name, 'address', 'add', '172.30.9.1/30', 'dev', 'fire0');
    await ip('-n', rig.host.name, 'link', 'set', 'fire0', 'up');
    await ip('-n', namespace, 'address', 'add', '172.30.9.2/30', 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await ip('-n', namespace, 'route', 'add', 'default', 'via', '172.30.9.1');
    expect(
      (await rig.api('PUT', '/v1/links/sbx-third', { interface: 'fire0', address: '172.30.9.2' })).status,
    ).to.equal(200);
    const look = ['dig', '@172.30.9.1', '+short', '+tries=1', 'api.dev.gstacks'];
    const { output } = await inside(namespace, ...look);
    expect(output).to.match(/^10\.80\./);
    const dial = await inside(namespace, 'curl', '-sS', '-m', '3', `http://${output.trim()}:8080/`);
    expect(dial.code, dial.output).to.be.oneOf([7, 56]);
    expect((await rig.agent.logged('flow refused', rig.agent.log.length - 1)).flow).to.deep.include({
      code: 'DEFAULT_DENY',
    });
    await rig.api('PUT', '/v1/links/sbx-third', { interface: 'third0', address: '10.81.0.4' });
    await ip('-n', rig.host.name, 'link', 'del', 'fire0');
  });

  it('follows an interface that goes and comes again', async () => {
    await ip('-n', rig.host.name, 'link', 'del', 'web0');
    await rig.gone('sbx-web');
    expect(rig.inventory?.refused.map(({ code }) => code)).to.include('LINK_MISSING');
    await rig.connectGuest('web', '10.81.0.2');
    await rig.reported('sbx-web');
    expect((await curl('web')).output).to.equal('from api');
  });

  it('leads to a guest again whose interface went down and came up', async () => {
    for (const state of ['down', 'up']) await ip('-n', rig.host.name, 'link', 'set', 'api0', state);
    await waitFor('the API answers', async () => (await curl('web')).output === 'from api');
    await ip('-n', rig.host.name, 'link', 'set', 'api0', 'down');
    await rig.gone('sbx-api');
    expect(rig.inventory?.refused.at(-1)).to.deep.include({ sandboxId: 'sbx-api', code: 'LINK_NOT_ROUTED' });
    await ip('-n', rig.host.name, 'link', 'set', 'api0', 'up');
    await rig.reported('sbx-api');
    await waitFor('the API answers', async () => (await curl('web')).output === 'from api');
  });

  it('has its rules and routes taken away by globalstacks-agent cleanup after a kill', async () => {
    await rig.agent.end('SIGKILL');
    expect(await rig.agent.command('cleanup')).to.deep.equal({ code: 0, output: 'removed what the driver made\n' });
    await nothingIsLeft();
  });

  it('takes its rules and routes away at the end, where it is told to', async () => {
    rig.agent.set('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', 'true');
    rig.plane.forgetInventories();
    rig.agent.start();
    await rig.reported('sbx-web');
    expect(await rig.agent.end('SIGTERM')).to.equal(0);
    await nothingIsLeft();
  });

  async function nothingIsLeft(): Promise<void> {
    expect((await inside(rig.host.name, 'nft', 'list', 'tables')).output).to.not.contain('gstacks_links');
    expect(await ip('-n', rig.host.name, 'route', 'show', 'table', 'all')).to.not.match(/10\.8[01]\./);
  }
});
