import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectFoundByDials } from '#test/support/broken-isolation.js';
import { ECHO, everyPort, SCAN_TCP, SCAN_UDP, SPOOF } from '#test/support/container-programs.js';
import { TEST_IMAGE } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { inside, ip } from '#test/support/host-namespace.js';
import { expectMended } from '#test/support/mended-rules.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const label = (id: string) => ['--label', `gstacks.sandbox=${id}`];
const sandbox = (id: string, ...more: readonly string[]) => ['--network', 'gstacks', ...label(id), ...more];
const NAME = 'http://api.dev.gstacks:8080/';
/** Docker switches it off in a container of a network without it. */
const WITH_IPV6 = ['--sysctl', 'net.ipv6.conf.all.disable_ipv6=0'];
const GATEWAY = '10.78.0.1';
const RESOLV_CONF = join(tmpdir(), `gs-resolv-${process.pid}.conf`);
const UNUSED_PROXY = '10.78.200.200';
/** The port of a host service that has nothing to do with the agent, on all addresses. */
const HOST_PORT = 9_999;

describe('isolation by the driver docker', function () {
  this.timeout(120_000);
  let rig: DockerRig;
  let echo: ChildProcess;

  before(async () => {
    writeFileSync(RESOLV_CONF, 'nameserver 203.0.113.1\n');
    rig = await DockerRig.start();
    const { docker, plane, agent } = rig;
    echo = spawn('ip', ['netns', 'exec', docker.host.name, '/usr/bin/python3', '-c', ECHO, String(HOST_PORT)]);
    if (echo.stdout !== null) await once(echo.stdout, 'data');
    await docker.serve('back', ...sandbox('sbx-api', ...WITH_IPV6));
    await docker.serve('web', ...sandbox('sbx-web', ...WITH_IPV6));
    await docker.serve('rogue', ...sandbox('sbx-rogue', '--cap-add', 'NET_ADMIN'));
    for (const id of ['sbx-api', 'sbx-web', 'sbx-rogue']) await rig.reported(id);
    await plane.publish(
      agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-web api 8080'],
      }),
    );
    await plane.acknowledgement(1);
  });

  after(async () => {
    rmSync(RESOLV_CONF, { force: true });
    echo?.kill('SIGKILL');
    await rig.close();
  });

  const inHost = (...command: readonly string[]) => inside(rig.docker.host.name, ...command);
  const python = async (container: string, program: string, ...args: readonly string[]) => {
    const { code, output } = await rig.docker.exec(container, 'python3', '-c', program, ...args);
    expect(code, output).to.equal(0);
    return JSON.parse(output);
  };

  async function proxyAddress(): Promise<string> {
    const { output } = await rig.docker.exec('web', 'dig', '+short', '+tries=1', 'api.dev.gstacks');
    return output.trim();
  }

  /** The container's address on the agent's network. */
  async function linkLocal(container: string): Promise<string> {
    const { output } = await rig.docker.exec(container, 'ip', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link');
    return /inet6 ([0-9a-f:]+)/.exec(output)?.[1] ?? '';
  }

  const hostAddresses = () => rig.docker.host.addressesFrom('eth0');

  it('lets a container reach the resolver and the proxies of its host, and no other port of any address', async () => {
    const addresses = await hostAddresses();
    expect(addresses).to.include.members([rig.docker.host.address, rig.docker.host.address6, GATEWAY]);
    expect((await inHost('curl', '-s', '--http0.9', `http://${GATEWAY}:${HOST_PORT}/`)).output).to.contain('host');
    const proxy = await proxyAddress();
    const neighbours = [(await rig.reported('sbx-api')).address, `${await linkLocal('back')}%eth0`];
    expect(await linkLocal('web')).to.match(/^fe80:/);
    // A query to any address but a proxy's is redirected to the resolver.
    const led = [...addresses, ...neighbours]
      .filter((address) => !address.includes(':'))
      .map((address) => [address, 53]);
    const places = everyPort([...addresses, ...neighbours, proxy, UNUSED_PROXY]);
    expect(await python('web', SCAN_TCP, JSON.stringify(places))).to.have.deep.members([...led, [proxy, 8080]]);
    const datagrams = [...addresses, ...neighbours, UNUSED_PROXY].flatMap((address) =>
      [53, HOST_PORT, 123, 5353].map((port) => [address, port]),
    );
    expect(await python('web', SCAN_UDP, JSON.stringify(datagrams))).to.have.deep.members(led);
  });

  it('keeps containers apart, whatever their own addresses are, and leads nothing out', async () => {
    const { address } = await rig.reported('sbx-api');
    // With or without Docker's own isolation, for which bridged packets must pass its rules.
    for (const bridged of ['0', '1']) {
      await inHost('sysctl', '-qw', `net.bridge.bridge-nf-call-iptables=${bridged}`);
      expect((await rig.curl('web', `http://${address}:8080/`)).code, bridged).to.be.oneOf([7, 28]);
      expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from back' });
    }
    expect((await rig.curl('web', `http://${rig.docker.host.machine}:80/`)).code).to.equal(7);
    expect((await inHost('curl', '-s', '-m', '5', `http://${address}:8080/`)).output).to.equal('from back');
  });

  it('lets nobody in from other networks of the Engine or from outside the host', async () => {
    const { docker } = rig;
    const { address } = await rig.reported('sbx-api');
    await docker.run('run', '-d', '--name', 'outsider', TEST_IMAGE, 'sleep', '60');
    const proxy = await proxyAddress();
    for (const url of [`http://${address}:8080/`, `http://${proxy}:8080/`, `http://${GATEWAY}:53/`]) {
      expect((await docker.exec('outsider', 'curl', '-s', '-m', '2', url)).code, url).to.be.oneOf([7, 28]);
    }
    await ip('route', 'add', '10.78.0.0/16', 'via', docker.host.address);
    try {
      for (const url of [`http://${address}:8080/`, `http://${proxy}:8080/`, `http://${GATEWAY}:53/`]) {
        expect(spawnSync('curl', ['-s', '-m', '2', url]).status, url).to.be.oneOf([7, 28]);
      }
    } finally {
      await ip('route', 'del', '10.78.0.0/16');
    }
    const dig = await docker.exec('outsider', 'dig', `@${GATEWAY}`, '+tries=1', '+time=1', 'api.dev.gstacks');
    expect(dig.output).to.match(/timed out|no servers could be reached/);
    await docker.run('rm', '-f', 'outsider');
  });

  it('takes nothing from a container that uses the address of another: by IP, raw frames, ARP or IPv6 neighbour messages', async () => {
    const { docker, agent } = rig;
    const web = await rig.reported('sbx-web');
    const macs = (
      await docker.run('inspect', '-f', '{{(index .NetworkSettings.Networks "gstacks").MacAddress}}', 'web', 'rogue')
    ).split('\n');
    const [webMac = '', rogueMac = ''] = macs;
    const bridge = JSON.parse(await ip('-n', docker.host.name, '-j', 'link', 'show', 'gstacks0'))[0].address;
    const neighbour = async () =>
      JSON.parse(await ip('-n', docker.host.name, '-j', 'neigh', 'show', web.address, 'dev', 'gstacks0'))[0]?.lladdr;
    const before = await droppedFrames();
    const from = agent.log.length;

    await docker.run('exec', 'rogue', 'ip', 'address', 'add', `${web.address}/32`, 'dev', 'eth0');
    const proxy = await proxyAddress();
    const dial = await rig.curl('rogue', `http://${proxy}:8080/`, '--interface', web.address);
    expect(dial.code, dial.output).to.be.oneOf([7, 28, 45]);
    await docker.run('exec', 'rogue', 'ip', 'address', 'del', `${web.address}/32`, 'dev', 'eth0');

    const seen = await python('rogue', SPOOF, 'eth0', rogueMac, webMac, web.address, bridge, GATEWAY);
    expect(seen).to.equal(0);
    expect(await neighbour()).to.equal(webMac);
    const neighbours6 = await ip('-n', docker.host.name, '-6', 'neigh', 'show', 'dev', 'gstacks0');
    expect(neighbours6).to.not.contain(rogueMac);
    expect(await droppedFrames()).to.be.greaterThan(before);
    expect(agent.log.slice(from).filter(({ message }) => message === 'flow opened')).to.deep.equal([]);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from back' });
  });

  it('takes nothing from a container that nobody labelled, though it needs no answer to find the host', async () => {
    const { docker } = rig;
    await docker.run(
      'run',
      '-d',
      '--name',
      'nobody',
      '--network',
      'gstacks',
      '--cap-add',
      'NET_ADMIN',
      TEST_IMAGE,
      'sleep',
      '60',
    );
    await rig.refused('nobody', 'SANDBOX_LABEL_MISSING');
    const bridge = JSON.parse(await ip('-n', docker.host.name, '-j', 'link', 'show', 'gstacks0'))[0].address;
    await docker.run('exec', 'nobody', 'ip', 'neigh', 'replace', GATEWAY, 'lladdr', bridge, 'dev', 'eth0');
    const before = await droppedPackets();
    const { output } = await docker.exec('nobody', 'dig', `@${GATEWAY}`, '+tries=2', '+time=1', 'api.dev.gstacks');
    expect(output).to.match(/timed out|no servers could be reached/);
    expect(await droppedPackets()).to.be.greaterThan(before);
    await docker.run('rm', '-f', 'nobody');
  });

  /** Packets that the host dropped because they did not come through an admitted port of the bridge. */
  async function droppedPackets(): Promise<number> {
    const { output } = await inHost('nft', 'list', 'table', 'inet', 'gstacks0');
    return Number(/meta mark != 0x[0-9a-f]+ counter packets (\d+)/.exec(output)?.[1]);
  }

  /** Frames that the bridge dropped because their addresses are not those of the port. */
  async function droppedFrames(): Promise<number> {
    const { output } = await inHost('nft', 'list', 'table', 'bridge', 'gstacks0');
    return Number(/iifname @ports counter packets (\d+)/.exec(output)?.[1]);
  }

  it('notices that a table of its was removed, says so, and has it again within a minute', async () => {
    await expectMended(
      rig.agent,
      rig.plane,
      async () => (await inHost('nft', 'list', 'table', 'bridge', 'gstacks0')).output,
      () => inHost('nft', 'delete', 'table', 'bridge', 'gstacks0'),
    );
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from back' });
    await waitFor('isolation is enforced again', () => rig.report('sbx-web')?.isolation === 'enforced', 30_000);
  });

  it('tries each container from inside, and reports it as broken while something else answers', async () => {
    const { docker, plane, agent } = rig;
    const place = { plane, agentId: agent.id, sandboxId: 'sbx-new' };
    await expectFoundByDials(docker.host.name, UNUSED_PROXY, place, () => docker.serve('new', ...sandbox('sbx-new')));
    await docker.run('rm', '-f', 'new');
  });

  it('says within five seconds that a container is on another network too, and when it is not any more', async () => {
    await rig.docker.run('network', 'connect', 'bridge', 'web');
    const reported = (as: string) => rig.reported('sbx-web', ({ isolation }) => isolation === as, 5_000);
    expect((await reported('advisory')).isolationEvidence).to.match(/also on bridge/);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from back' });
    await rig.docker.run('network', 'disconnect', 'bridge', 'web');
    await reported('enforced');
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from back' });
  });

  it('says that the default route of one that was connected later leads elsewhere', async () => {
    const { docker } = rig;
    await docker.run('network', 'create', 'aaa');
    await docker.serve('late', '--network', 'aaa', ...label('sbx-late'));
    await docker.run('network', 'connect', 'gstacks', 'late');
    const { isolationEvidence, dns } = await rig.reported('sbx-late');
    expect(isolationEvidence).to.match(/also on aaa .*default route leads there/);
    expect(dns).to.equal('active');
    await waitFor('the agent answers it, and it is attached to nothing', async () => {
      const { output } = await docker.exec('late', 'dig', '+tries=1', '+time=2', 'api.dev.gstacks');
      return output.includes('NXDOMAIN') && /^gstacks\.\s.*SOA/m.test(output);
    });
    await docker.run('rm', '-f', 'late');
    await docker.run('network', 'rm', 'aaa');
  });

  it('answers no names of containers, and keeps services of one name in two projects apart', async () => {
    const { docker } = rig;
    const look = async (container: string, name: string) =>
      (await docker.exec(container, 'dig', '+tries=1', '+time=2', name)).output;
    for (const project of ['one', 'two']) {
      await docker.run('network', 'create', project);
      // As compose does it: created on the project's network, connected with the service's name on both, and started.
      const service = ['--network', project, '--network-alias', 'service', ...label(`sbx-${project}`)];
      await docker.run('create', '--name', `${project}-service`, ...service, TEST_IMAGE, 'sleep', '60');
      await docker.run('network', 'connect', '--alias', 'service', 'gstacks', `${project}-service`);
      await docker.run('start', `${project}-service`);
      await rig.reported(`sbx-${project}`);
    }
    // Only on the agent's network: the agent answers, and knows no name of Docker's.
    for (const name of ['service', 'one-service', 'back', 'rogue']) {
      expect(await look('web', name), name)
        .to.contain('NXDOMAIN')
        .and.not.contain('ANSWER SECTION');
    }
    // With a second network: Docker's names of that network, but no service of the agent's network.
    for (const project of ['one', 'two']) {
      const own = `{{.NetworkSettings.Networks.${project}.IPAddress}}`;
      const address = await docker.run('inspect', '-f', own, `${project}-service`);
      expect(await look(`${project}-service`, 'service'))
        .to.contain(address)
        .and.not.contain('10.78.');
      await waitFor('the agent answers, too', async () => {
        const answer = await look(`${project}-service`, 'api.dev.gstacks');
        return answer.includes('NXDOMAIN') && /^gstacks\.\s.*SOA/m.test(answer);
      });
    }
    for (const project of ['one', 'two']) {
      await docker.run('rm', '-f', `${project}-service`);
      await docker.run('network', 'rm', project);
    }
  });

  it('answers a query to another resolver also where the rules inside do not hold, as for a runtime with its own TCP', async () => {
    const pid = await rig.docker.run('inspect', '-f', '{{.State.Pid}}', 'web');
    await inHost('nsenter', `--net=/proc/${pid}/ns/net`, 'nft', 'delete', 'table', 'ip', 'gstacks');
    const { output } = await rig.docker.exec('web', 'dig', '@192.0.2.53', '+short', '+tries=1', 'api.dev.gstacks');
    expect(output).to.match(/^10\.78\./);
  });

  const resolvers: readonly (readonly [string, readonly string[]])[] = [
    ['another resolver', ['--dns', '192.0.2.53']],
    ['a resolv.conf of its own', ['--volume', `${RESOLV_CONF}:/etc/resolv.conf:ro`]],
    ['a host name of its own', ['--hostname', 'api']],
    ["an alias that is another's full name", ['--network-alias', 'api.dev.gstacks']],
  ];
  for (const [what, options] of resolvers) {
    it(`answers a container with ${what}`, async () => {
      await rig.docker.run('rm', '-f', 'web');
      await rig.docker.serve('web', ...sandbox('sbx-web', ...options));
      const startedAt = await rig.docker.run('inspect', '-f', '{{.State.StartedAt}}', 'web');
      await rig.reported('sbx-web', ({ container }) => container?.startedAt === startedAt);
      expect(await proxyAddress()).to.match(/^10\.78\.(12[89]|1[3-9]\d|2\d\d)\./);
      await waitFor('the name leads to the API', async () => (await rig.curl('web', NAME)).output === 'from back');
    });
  }
});
