import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cleanNamespaces } from '#apps/agent/sandboxes/netns/namespaces.js';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from '#test/support/clone.js';
import { DebianHost } from '#test/support/debian-host.js';
import { Deployment, type Places } from '#test/support/deployment.js';
import { markedBlock, walkThrough } from '#test/support/documents.js';
import { HostNamespace } from '#test/support/host-namespace.js';
import { packedFile } from '#test/support/installed.js';
import { query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { RESET_EXITS } from '#test/support/sandboxes.js';
import { type Ran, type Running, run, succeeded } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const AGENTS = ['host-a', 'host-b', 'host-c'] as const;
type Agent = (typeof AGENTS)[number];
const SANDBOXES = { 'host-a': ['sbx-web'], 'host-b': ['sbx-api'], 'host-c': [] } as const;
const PLACES: Places = { etc: '/etc/globalstacks', state: '/var/lib' };
const UNITS = { control: ['globalstacks-nats', 'globalstacks-control-plane'], host: ['globalstacks-agent'] } as const;
/** e_machine of ELF. */
const MACHINE = { amd64: 62, arm64: 183 } as const;

/** Of net_bind_service, net_admin, net_raw, sys_ptrace and sys_admin. */
const CAPABILITIES_OF_AGENTS = [10, 12, 13, 19, 21]
  .reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n)
  .toString(16)
  .padStart(16, '0');

const answering = (id: string): string =>
  `require('node:http').createServer((_, r) => r.end('{"sandbox":"${id}"}\\n')).listen(8080)`;

/** Machines without the source tree, set up from Debian packages by the blocks of docs/deploy.md. */
describe('the Debian packages, made and installed as docs/deploy.md says', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-debian-'));
  const inFolder = (name: string): string => join(folder, name);
  let postgres: TestPostgres;
  let deployment: Deployment;
  let networks: { readonly [agent in Agent]: HostNamespace };
  let control: DebianHost;
  let hosts: { readonly [agent in Agent]: DebianHost };
  const running = new Map<string, Running>();
  const listening: Running[] = [];

  const block = (mark: string): string => markedBlock('deploy.md', `deploy: ${mark}`);
  const operations = (mark: string): Promise<Ran> =>
    control.shell(markedBlock('operations.md', `operations: ${mark}`), {
      ...deployment.variables,
      BACKUP: '/root/backup',
    });
  const networkStatus = async (): Promise<string> =>
    (await deployment.json<{ status: string }>('gstacks network status dev')).status;
  /** One field of what the kernel says of a process that runs. */
  const kernelSays = (name: string, field: string): string => {
    const status = readFileSync(`/proc/${running.get(name)?.child.pid}/status`, 'utf8');
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  };

  async function startUnit(on: DebianHost, unit: string, name = unit): Promise<Running> {
    const started = await on.startUnit(unit);
    running.set(name, started);
    return started;
  }

  async function startControlPlane(): Promise<void> {
    await deployment.waitUntilReady(await startUnit(control, 'globalstacks-control-plane'));
  }

  async function stop(name: string): Promise<void> {
    const started = running.get(name);
    started?.child.kill('SIGTERM');
    await started?.ended;
  }

  /** The packages of the folder go from the machine that made them to the one that they are installed on. */
  async function follow(mark: string, on: DebianHost, packages: string): Promise<void> {
    await succeeded(await run('cp', ['-r', packages, on.path('/root/packages')]).ended);
    await on.shell(block(mark), { PACKAGES: '/root/packages' });
    rmSync(on.path('/root/packages'), { recursive: true });
  }

  async function namespaceOf(sandbox: string): Promise<string> {
    return waitFor(`${sandbox} is reported`, async () => {
      const { items } = await deployment.json<{ items: { id: string; namespace?: string }[] }>('gstacks sandbox list');
      return items.find(({ id }) => id === sandbox)?.namespace ?? false;
    });
  }

  /** What curl in the sandbox of host-a gets from the alias of the one of host-b. */
  async function askedFromWeb(): Promise<Ran> {
    const inSandbox = ['ip', 'netns', 'exec', await namespaceOf('sbx-web')];
    const curl = ['curl', '-sS', '--max-time', '5', 'http://api.dev.gstacks:8080/'];
    return hosts['host-a'].start([...inSandbox, ...curl]).ended;
  }

  before(async function () {
    this.timeout(400_000);
    const made = `cd '${folder}'\n${block('make Debian packages')}`;
    succeeded(await run('sh', ['-ceu', made], { PACKAGE: await packedFile(), PACKAGES: inFolder('packages') }).ended);
    const [a, b, c] = [await HostNamespace.make(), await HostNamespace.make(), await HostNamespace.make()];
    networks = { 'host-a': a, 'host-b': b, 'host-c': c };
    await HostNamespace.connect(a, b, [c]);
    control = await DebianHost.make();
    const host = ({ name }: HostNamespace) => DebianHost.make(['nsenter', `--net=/run/netns/${name}`]);
    hosts = { 'host-a': await host(a), 'host-b': await host(b), 'host-c': await host(c) };
    await follow('install the control plane', control, inFolder('packages'));
    for (const agent of AGENTS) await follow('install an agent', hosts[agent], inFolder('packages'));
    const server = control.path('/usr/local/bin/nats-server');
    copyFileSync(await obtainNatsServer(join(CLONE, '.cache'), () => {}), server);
    chmodSync(server, 0o755);
    postgres = await startTestPostgres();
  });

  after(async () => {
    for (const { child } of listening) child.kill();
    for (const name of [...running.keys()].reverse()) await stop(name);
    await postgres?.stop();
    for (const host of Object.values(networks ?? {})) {
      await cleanNamespaces(`${host.name}.`);
      await host.remove();
    }
    for (const host of [control, ...Object.values(hosts ?? {})]) await host?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [architecture, machine] of Object.entries(MACHINE)) {
    it(`hold the Node of ${architecture}`, async () => {
      const file = inFolder(`packages/globalstacks-networks_0.1.0_${architecture}.deb`);
      const start = 'dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/lib/globalstacks-networks/dist/programs/node';
      const { stdout } = succeeded(await run('sh', ['-c', `${start} | od -A n -t u2 -j 18 -N 2`, file]).ended);
      expect(Number(stdout)).to.equal(machine);
    });
  }

  it('make the users that the units name, and units that systemd takes', async () => {
    for (const [units, on] of [
      [UNITS.control, control],
      [UNITS.host, hosts['host-a']],
    ] as const) {
      const files = units.map((name) => `/lib/systemd/system/${name}.service`).join(' ');
      const { stdout, stderr } = await on.shell(`systemd-analyze verify --man=no ${files}`);
      expect(`${stdout}${stderr}`).to.equal('');
      for (const name of units) {
        for (const user of (await on.unit(name)).all('User')) await on.shell(`id ${user}`);
      }
    }
  });

  it('start nothing before there are settings', async () => {
    for (const [units, on] of [
      [UNITS.control, control],
      [UNITS.host, hosts['host-a']],
    ] as const) {
      expect(existsSync(on.path('/etc/systemd/system/multi-user.target.wants'))).to.equal(false);
      for (const name of units) {
        const files = (await on.unit(name)).all('ConditionPathExists');
        expect(files, name).to.have.length(1);
        expect(existsSync(on.path(files[0] ?? '')), files[0]).to.equal(false);
      }
    }
  });

  it('run the control plane as its units say: users of their own, no capability, secrets as credentials', async () => {
    const address = networks['host-a'].machine;
    deployment = await Deployment.configure(control, PLACES, address, postgres.url('postgres'), folder);
    await deployment.follow('whose the files are');
    await startUnit(control, 'globalstacks-nats');
    await startControlPlane();
    for (const name of UNITS.control) {
      expect(kernelSays(name, 'Uid'), name).not.to.match(/\b0\b/);
      expect(Number.parseInt(kernelSays(name, 'CapBnd'), 16), name).to.equal(0);
      expect(kernelSays(name, 'NoNewPrivs'), name).to.equal('1');
    }
    await deployment.follow('log in');
  });

  it('enrol three hosts, whose agents have exactly the capabilities of their unit', async () => {
    for (const agent of AGENTS) {
      copyFileSync(control.path(`${PLACES.etc}/ca.pem`), hosts[agent].path(`${PLACES.etc}/ca.pem`));
      const said = await deployment.enrol(agent, networks[agent], hosts[agent], PLACES, SANDBOXES[agent]);
      expect(said).to.include(`${agent} is enrolled at http://`);
    }
    for (const agent of AGENTS) await startUnit(hosts[agent], 'globalstacks-agent', agent);
    await deployment.waitUntilOnline(AGENTS);
    for (const agent of AGENTS) expect(kernelSays(agent, 'CapEff'), agent).to.equal(CAPABILITIES_OF_AGENTS);
  });

  it("run the product document's commands, with the other host's sandbox at the end of them", async () => {
    for (const [agent, id] of [
      ['host-a', 'sbx-web'],
      ['host-b', 'sbx-api'],
    ] as const) {
      // From the host's own root, where its agent keeps the sandbox's resolv.conf.
      const node = '/usr/lib/globalstacks-networks/dist/programs/node';
      const inSandbox = ['ip', 'netns', 'exec', await namespaceOf(id)];
      listening.push(hosts[agent].start([...inSandbox, node, '-e', answering(id)]));
    }
    // A developer's machine beside the agent of host-a.
    await hosts['host-a'].shell(`gstacks login --url ${deployment.url} --token-file /dev/stdin <<END
${readFileSync(control.path(`${PLACES.etc}/admin-token`), 'utf8').trim()}
END`);
    const { stdout } = await hosts['host-a'].shell(walkThrough(), { GLOBALSTACKS_CA_FILE: `${PLACES.etc}/ca.pem` });
    expect(stdout).to.match(/\{"sandbox":"sbx-api"\}\n$/);
    await hosts['host-a'].shell('gstacks mesh leave dev');
  });

  it('are upgraded by a second release over the first, and keep their settings', async () => {
    const release = inFolder('release/package');
    const edit = (file: string, from: string, to: string): void => {
      const text = readFileSync(join(release, file), 'utf8');
      expect(text).to.include(from);
      writeFileSync(join(release, file), text.replace(from, to));
    };
    for (const file of ['package.json', 'oclif.manifest.json']) edit(file, '"version": "0.1.0"', '"version": "0.2.0"');
    edit('deploy/debian/control-plane.env', '#', '# As release 0.2.0 has it.\n#');
    succeeded(await run(join(release, 'deploy/debian/build'), [inFolder('newer')]).ended);
    const kept = [
      [control, 'control-plane.env'],
      [control, 'nats-server.conf'],
      [hosts['host-a'], 'agent.env'],
    ] as const;
    const settings = () => kept.map(([on, file]) => readFileSync(on.path(`${PLACES.etc}/${file}`), 'utf8'));
    const before = settings();
    await follow('upgrade the control plane', control, inFolder('newer'));
    await stop('globalstacks-control-plane');
    await startControlPlane();
    await follow('upgrade an agent', hosts['host-a'], inFolder('newer'));
    await stop('host-a');
    const upgraded = await startUnit(hosts['host-a'], 'globalstacks-agent', 'host-a');
    expect(settings()).to.deep.equal(before);
    const { stdout } = await hosts['host-a'].shell("dpkg-query -W 'globalstacks-*'; gstacks --version");
    expect(stdout.match(/0\.2\.0/g), stdout).to.have.length(3);
    await waitFor(
      'the agent is in contact',
      () => upgraded.stdout().includes('in contact with the control plane'),
      60_000,
    );
    await waitFor('its network is served', async () => (await networkStatus()) === 'SYNCED', 60_000);
    expect((await askedFromWeb()).stdout).to.equal('{"sandbox":"sbx-api"}\n');
  });

  it('are backed up while they run, and restored: agents are ahead, and an operator decides', async () => {
    await operations('backup of a database');
    await control.shell('gstacks network alias add dev sbx-api later --port 9090 --wait');
    await stop('globalstacks-control-plane');
    await query(postgres.url('postgres'), 'CREATE DATABASE restored');
    writeFileSync(control.path(`${PLACES.etc}/database-url`), postgres.url('restored'));
    const { stdout } = await operations('restore into a database');
    expect(stdout).to.match(/^restored up to event \d+.*\nkeys: the keys in .* stay\n/);
    await startControlPlane();
    await waitFor('agents are found ahead', async () => (await networkStatus()) === 'EPOCH_REGRESSED', 60_000);
    const decided = await control.shell('gstacks admin new-epoch --yes');
    expect(decided.stdout).to.include('epoch 2 started');
    await waitFor('agents follow', async () => (await networkStatus()) === 'SYNCED', 60_000);
    expect((await control.shell('gstacks network alias list dev')).stdout).not.to.include('later');
  });

  it('let go of a host: its agent ends, a purge leaves nothing, and the others go on', async () => {
    await deployment.follow('remove a host');
    expect(await deployment.statusOf('host-c')).to.equal('REVOKED');
    expect((await running.get('host-c')?.ended)?.code).to.equal(2);
    await hosts['host-c'].shell(block('remove the packages of an agent'));
    for (const left of [
      '/etc/globalstacks/agent.env',
      '/var/lib/globalstacks-agent',
      '/usr/lib/globalstacks-networks',
    ]) {
      expect(existsSync(hosts['host-c'].path(left)), left).to.equal(false);
    }
    await control.shell('gstacks network policy deny dev --from web --to api --port 8080 --wait');
    expect((await askedFromWeb()).code).to.be.oneOf(RESET_EXITS);
  });
});
