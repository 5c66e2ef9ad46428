import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { Guest, whyNoGuest } from '#test/support/guest.js';
import { HostNamespace, inside, ip, nodeInside } from '#test/support/host-namespace.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const GUEST = '172.30.8.2';
const GATEWAY = '172.30.8.1';
const API = '10.81.0.3';
const AGENT_ADDRESS = '10.80.0.1';
const HOST_PORT = 9_999;
/** curl's exit codes for a connection that is reset before, during or after its request. */
const RESET = [7, 55, 56];
const NAME = 'http://api.dev.gstacks:8080/';
const SERVER = (text: string, port: number) =>
  `require('node:http').createServer((q, r) => { r.write('${text}'); if (q.url !== '/hold') r.end(); }).listen(${port}, '::')`;

/** The network is set up as usual with Firecracker: the guest's gateway is the host's address on the tap. */
describe('a guest with a kernel of its own, behind a tap that the driver link serves', function () {
  this.timeout(180_000);
  let plane: FakeControlPlane;
  let host: HostNamespace;
  let agent: AgentProcess;
  let guest: Guest;
  const children: ChildProcess[] = [];

  before(async function () {
    const reason = await whyNoGuest();
    if (reason !== null) {
      process.stdout.write(`${reason}\n`);
      this.skip();
    }
    host = await HostNamespace.make();
    plane = await FakeControlPlane.start(host.machine);
    await ip('-n', host.name, 'tuntap', 'add', 'tap0', 'mode', 'tap');
    await ip('-n', host.name, 'address', 'add', `${GATEWAY}/30`, 'dev', 'tap0');
    await ip('-n', host.name, 'link', 'set', 'tap0', 'up');
    await ip('netns', 'add', neighbour());
    await ip('-n', host.name, 'link', 'add', 'api0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', neighbour());
    await ip('-n', host.name, 'link', 'set', 'api0', 'up');
    await ip('-n', neighbour(), 'address', 'add', `${API}/32`, 'dev', 'eth0');
    await ip('-n', neighbour(), '-6', 'address', 'add', 'fd02::3/64', 'dev', 'eth0', 'nodad');
    for (const link of ['eth0', 'lo']) await ip('-n', neighbour(), 'link', 'set', link, 'up');
    await ip('-n', neighbour(), 'route', 'add', AGENT_ADDRESS, 'dev', 'eth0');
    await ip('-n', neighbour(), 'route', 'add', 'default', 'via', AGENT_ADDRESS, 'dev', 'eth0');
    children.push(nodeInside(neighbour(), SERVER('from api', 8_080)), nodeInside(host.name, SERVER('host', HOST_PORT)));
    agent = new AgentProcess(
      'host-a',
      plane.url,
      { GLOBALSTACKS_AGENT_DRIVER: 'link', GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:0` },
      ['nsenter', `--net=/run/netns/${host.name}`],
    );
    writeFileSync(
      agent.sandboxesFile,
      JSON.stringify([
        { id: 'sbx-guest', interface: 'tap0', address: GUEST },
        { id: 'sbx-api', interface: 'api0', address: API },
      ]),
    );
    agent.start();
    guest = await Guest.boot(host, 'tap0');
    const set = await guest.run(`ip address add ${GUEST}/30 dev eth0 && ip link set eth0 up &&
      ip route add default via ${GATEWAY} && echo nameserver ${GATEWAY} > /etc/resolv.conf &&
      mkdir -p /www && echo from guest > /www/index.html && httpd -p 8080 -h /www`);
    expect(set.code, set.output).to.equal(0);
    await waitFor('both are reported', () => plane.inventories.at(-1)?.sandboxes.length === 2);
    await apply(1, ['sandbox:sbx-guest api 8080', 'sandbox:sbx-api guest 8080']);
  });

  after(async () => {
    guest?.close();
    for (const child of children) child.kill('SIGKILL');
    await agent?.remove();
    if (host !== undefined) await ip('netns', 'del', neighbour());
    await plane?.close();
    await host?.remove();
  });

  const neighbour = () => `${host.name}-api`;
  const curl = (url: string, ...options: readonly string[]) =>
    guest.run(`curl -sS --connect-timeout 1 -m 3 ${options.join(' ')} '${url}'`);

  /** The address as busybox looks it up; null: no answer. */
  async function addressOf(name: string, resolver = ''): Promise<string | null> {
    const { output } = await guest.run(`nslookup -type=a ${name} ${resolver}`);
    return /Name:\s+\S+\s+Address: (\S+)/.exec(output)?.[1] ?? null;
  }

  /** Packets whose source address does not belong to the link on which they came in. */
  async function dropped(): Promise<number> {
    const { output } = await inside(host.name, 'nft', 'list', 'table', 'inet', 'gstacks_links');
    return Number(/iifname @links counter packets (\d+)/.exec(output)?.[1]);
  }

  async function apply(version: number, allow: readonly string[]): Promise<readonly string[]> {
    await plane.publish(
      agent.id,
      snapshotOf({
        version,
        sandboxes: { 'sbx-guest': 'host-a', 'sbx-api': 'host-a' },
        aliases: {
          api: { sandbox: 'sbx-api', ports: [8080] },
          guest: { sandbox: 'sbx-guest', ports: [8080] },
        },
        allow,
      }),
    );
    return (await plane.acknowledgement(version)).flowsCut;
  }

  it('resolves a name of its network, and reaches what is allowed', async () => {
    expect(await addressOf('api.dev.gstacks')).to.match(/^10\.80\./);
    await waitFor('the API serves', async () => (await curl(NAME)).output === 'from api');
  });

  it('asks the agent whatever resolver it asks', async () => {
    expect(await addressOf('api.dev.gstacks', '192.0.2.53')).to.match(/^10\.80\./);
  });

  it('is reset where no rule allows it', async () => {
    const { code, output } = await curl('http://guest.dev.gstacks:8080/');
    expect(code, output).to.be.oneOf(RESET);
    expect((await agent.logged('flow refused')).flow).to.deep.include({ code: 'DEFAULT_DENY', alias: 'guest' });
  });

  it('is reached by name, as its own TCP answers', async () => {
    const proxy = (await inside(neighbour(), 'dig', `@${AGENT_ADDRESS}`, '+short', 'guest.dev.gstacks')).output.trim();
    const dialled = await inside(neighbour(), 'curl', '-sS', '-m', '3', `http://${proxy}:8080/`);
    expect(dialled).to.deep.equal({ code: 0, output: 'from guest\n' });
  });

  it('reaches no service of its host and no neighbour past the proxy, v4 and v6', async () => {
    const service = `http://${host.address}:${HOST_PORT}/`;
    expect((await inside(host.name, 'curl', '-s', service)).output).to.equal('host');
    const link = await ip('-n', host.name, '-6', 'address', 'show', 'dev', 'tap0', 'scope', 'link');
    const own6 = /inet6 (fe80[0-9a-f:]+)/.exec(link)?.[1];
    const places = [
      ...[service, `http://${GATEWAY}:${HOST_PORT}/`, `http://${AGENT_ADDRESS}:${HOST_PORT}/`, `http://${API}:8080/`],
      ...[
        `http://${host.machine}:80/`,
        `http://[${own6}%25eth0]:${HOST_PORT}/`,
        `http://[${host.address6}]:${HOST_PORT}/`,
      ],
    ];
    await guest.run(`ip -6 route add default via ${own6} dev eth0`);
    for (const place of places) {
      const { code, output } = await curl(place);
      expect(code, `${place}: ${output}`).to.be.oneOf([7, 28, 56]);
    }
    const routed = await inside(host.name, 'ip', '-6', 'route', 'add', 'fd02::3/128', 'dev', 'api0');
    expect(routed.code, routed.output).to.equal(0);
    expect((await curl('http://[fd02::3]:8080/')).code).to.be.oneOf([7, 28]);
  });

  it("gets nothing by its neighbour's address: neither names nor connections", async () => {
    const proxy = await addressOf('guest.dev.gstacks');
    expect(proxy).to.match(/^10\.80\./);
    const byNeighbour = `ip route replace default via ${GATEWAY} src ${API}`;
    const set = await guest.run(
      `ip address add ${API}/32 dev eth0 && ip route replace ${GATEWAY} dev eth0 src ${API} && ${byNeighbour}`,
    );
    expect(set.code, set.output).to.equal(0);
    expect((await guest.run(`ip route get ${proxy}`)).output).to.contain(`src ${API}`);
    const before = await dropped();
    expect(await addressOf('guest.dev.gstacks')).to.equal(null);
    const dialled = await curl(`http://${proxy}:8080/`);
    expect(dialled.code, dialled.output).to.be.oneOf([7, 28]);
    // Without a check of the source there is no answer either: the answer goes to the neighbour.
    expect(await dropped()).to.be.greaterThan(before);
    await guest.run(
      `ip address del ${API}/32 dev eth0; ip route del ${GATEWAY}; ip route replace default via ${GATEWAY}`,
    );
    expect(await addressOf('guest.dev.gstacks')).to.equal(proxy);
  });

  it('sees an open connection reset by a denial, which is counted', async () => {
    await guest.run(
      `curl -sSN -m 30 ${NAME}hold >/tmp/held 2>&1; echo $? >/tmp/held-code`.replace(/^/, '( ').concat(' ) &'),
    );
    await waitFor('it is open', async () => (await guest.run('cat /tmp/held')).output.includes('from api'));
    expect(await apply(2, ['sandbox:sbx-api guest 8080'])).to.have.length(1);
    const ended = await waitFor('it has ended', async () => {
      const { code, output } = await guest.run('cat /tmp/held-code');
      return code === 0 && output !== '' ? output.trim() : undefined;
    });
    expect(ended).to.be.oneOf(['18', '56']);
    expect((await curl(NAME)).code).to.be.oneOf(RESET);
  });
});
