import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { inside, ip } from '#test/support/host-namespace.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const SERVER = (name: string) =>
  `require('node:http').createServer((q, r) => r.end('from ${name}')).listen(8080, '::')`;

describe('an agent with the driver netns, in a namespace that forwards', () => {
  let rig: NetnsRig;
  const servers: ReturnType<NetnsRig['serve']>[] = [];

  before(async () => {
    rig = await NetnsRig.start(['sbx-web', 'sbx-api']);
    const { agent, plane } = rig;
    for (const id of ['sbx-web', 'sbx-api']) servers.push(rig.serve(id, SERVER(id)));
    await plane.publish(
      agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-web api 8080'],
      }),
    );
    await plane.publish(
      agent.id,
      snapshotOf({
        networkId: 'ffff',
        name: 'other',
        version: 1,
        sandboxes: { 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
      }),
    );
    await waitFor('both networks are applied', () => plane.applied.length >= 2);
    await waitFor(
      'sbx-api serves',
      async () => (await inHost('curl', '-s', `http://${address('sbx-api')}:8080/`)).code === 0,
    );
  });

  after(() => rig?.close());

  const report = (id: string) => rig.report(id);
  const namespaceOf = (id: string): string => rig.namespaceOf(id);
  const address = (id: string): string => rig.address(id);
  const address6 = (id: string): Promise<string> => rig.address6(id);
  const inHost = (...command: readonly string[]) => rig.inHost(...command);

  /** Packets that the host dropped because their source does not belong to the link on which they came in. */
  const droppedSources = async () => Number(/iifname @links counter packets (\d+)/.exec(await rig.rules())?.[1]);

  it('reports its sandboxes as isolated, with a source it vouches for and the resolver in use', () => {
    expect(report('sbx-web')).to.deep.include({
      isolation: 'enforced',
      source: 'verified',
      dns: 'active',
      namespace: `${rig.prefix}sbx-web`,
    });
  });

  it('answers DNS by the resolv.conf inside, and only for the networks of the asking sandbox', async () => {
    const dig = async (id: string, name: string) => (await inside(namespaceOf(id), 'dig', '+tries=1', name)).output;
    expect(await dig('sbx-web', 'api.dev.gstacks')).to.match(/NOERROR[\s\S]*\tA\t10\.77\./);
    // Not known to be absent until the networks of a new sandbox had time to arrive.
    await waitFor('it is absent', async () => (await dig('sbx-web', 'api.other.gstacks')).includes('NXDOMAIN'));
    expect(await dig('sbx-api', 'api.other.gstacks')).to.match(/NOERROR[\s\S]*\tA\t10\.77\./);
  });

  it('carries a dial by alias, and resets one that is not allowed', async () => {
    const curl = (id: string) => inside(namespaceOf(id), 'curl', '-sS', '-m', '5', 'http://api.dev.gstacks:8080/');
    expect(await curl('sbx-web')).to.deep.equal({ code: 0, output: 'from sbx-api' });
    // If the reset comes before curl has seen the connection open, curl exits with 7; the agent logs the reason in
    // either case.
    expect((await curl('sbx-api')).code).to.be.oneOf([7, 56]);
    const refused = await rig.agent.logged('flow refused');
    expect(refused.flow).to.deep.include({ code: 'DEFAULT_DENY', alias: 'api' });
  });

  it('lets nothing past the proxy: between sandboxes, v4 and v6, though the host forwards', async () => {
    expect((await inHost('sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding')).output).to.equal(
      '1\n1\n',
    );
    const dial = (url: string) => inside(namespaceOf('sbx-web'), 'curl', '-sS', '-m', '3', url);
    expect((await dial(`http://${address('sbx-api')}:8080/`)).code).to.be.oneOf([7, 28]);
    expect((await dial(`http://[${await address6('sbx-api')}]:8080/`)).code).to.be.oneOf([7, 28]);
    expect((await inHost('curl', '-s', `http://[${await address6('sbx-api')}]:8080/`)).output).to.equal('from sbx-api');
  });

  it('lets nothing in from another host that routes here, v4 and v6', async () => {
    const v6 = await address6('sbx-api');
    await ip('route', 'add', `${address('sbx-api')}/32`, 'via', rig.host.address);
    await ip('-6', 'route', 'add', `${v6}/128`, 'via', rig.host.address6);
    try {
      const dial = (url: string) => spawnSync('curl', ['-sS', '-m', '3', url]).status;
      expect(dial(`http://${address('sbx-api')}:8080/`)).to.be.oneOf([7, 28]);
      expect(dial(`http://[${v6}]:8080/`)).to.be.oneOf([7, 28]);
    } finally {
      await ip('route', 'del', `${address('sbx-api')}/32`);
      await ip('-6', 'route', 'del', `${v6}/128`);
    }
  });

  it('drops a source that is not that of the link', async () => {
    const web = namespaceOf('sbx-web');
    const forged = address('sbx-api');
    const before = await droppedSources();
    await ip('-n', web, 'address', 'add', `${forged}/32`, 'dev', 'lo');
    try {
      const { output } = await inside(web, 'dig', '-b', forged, '+tries=1', '+time=1', 'api.other.gstacks');
      expect(output).to.match(/timed out|no servers could be reached/);
      const curl = await inside(web, 'curl', '-sS', '-m', '2', '--interface', forged, 'http://api.dev.gstacks:8080/');
      expect(curl.code).to.be.oneOf([7, 28]);
      // Without a check of the source there is no answer either: the answer goes to the other sandbox.
      expect(await droppedSources()).to.be.greaterThan(before);
    } finally {
      await ip('-n', web, 'address', 'del', `${forged}/32`, 'dev', 'lo');
    }
  });

  it('takes its namespaces up again after a kill, and cuts nothing inside', async () => {
    const { agent, plane } = rig;
    const web = namespaceOf('sbx-web');
    const inode = statSync(`/run/netns/${web}`).ino;
    const link = await ip('-n', web, '-j', 'address', 'show', 'dev', 'eth0');
    await agent.end('SIGKILL');
    const heard = plane.hellos.length;
    agent.start();
    await waitFor('it is back', () => plane.hellos.length > heard);
    expect(statSync(`/run/netns/${web}`).ino).to.equal(inode);
    expect(JSON.parse(await ip('-n', web, '-j', 'address', 'show', 'dev', 'eth0'))).to.deep.equal(JSON.parse(link));
    expect(servers.map(({ exitCode }) => exitCode)).to.deep.equal([null, null]);
    const again = await inside(web, 'curl', '-sS', '-m', '5', 'http://api.dev.gstacks:8080/');
    expect(again).to.deep.equal({ code: 0, output: 'from sbx-api' });
  });

  it('removes what the file no longer names, and makes what it names anew', async () => {
    const { agent } = rig;
    const web = namespaceOf('sbx-web');
    agent.setSandboxes([{ id: 'sbx-web' }, { id: 'sbx-api' }, { id: 'sbx-new' }]);
    await rig.reported(3);
    expect(existsSync(`/run/netns/${namespaceOf('sbx-new')}`)).to.equal(true);
    agent.setSandboxes([{ id: 'sbx-api' }, { id: 'sbx-new' }]);
    await rig.reported(2);
    expect(existsSync(`/run/netns/${web}`)).to.equal(false);
    expect(existsSync(`/etc/netns/${web}`)).to.equal(false);
    await waitFor('it is answered, and attached to nothing', async () => {
      const { output } = await inside(namespaceOf('sbx-new'), 'dig', '+tries=1', 'api.dev.gstacks');
      return output.includes('NXDOMAIN');
    });
  });

  it('is removed by globalstacks-agent cleanup once it has ended, and not before', async () => {
    const { agent, host } = rig;
    const early = await agent.command('cleanup');
    expect(early.code, early.output).to.equal(1);
    expect(early.output).to.include('STATE_FOLDER_IN_USE');
    expect(existsSync(`/run/netns/${namespaceOf('sbx-api')}`)).to.equal(true);
    await agent.end('SIGKILL');
    expect(await agent.command('cleanup')).to.deep.equal({ code: 0, output: 'removed what the driver made\n' });
    expect(existsSync(`/run/netns/${namespaceOf('sbx-api')}`)).to.equal(false);
    expect((await inHost('nft', 'list', 'tables')).output).to.not.include('gstacks');
    expect(await ip('-n', host.name, 'route', 'show', 'table', 'local')).to.not.include('10.77.');
    expect(existsSync(agent.stateFolder)).to.equal(true);
  });
});
