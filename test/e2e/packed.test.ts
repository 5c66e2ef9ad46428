import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { cleanNamespaces } from '#apps/agent/sandboxes/netns/namespaces.js';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from '#test/support/clone.js';
import { markedBlock, walkThrough } from '#test/support/documents.js';
import { HostNamespace, inside, ip, nodeInside } from '#test/support/host-namespace.js';
import { Installed } from '#test/support/installed.js';
import { freePort } from '#test/support/ports.js';
import { query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { certifyServer } from '#test/support/private-authority.js';
import { type Running, run } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const AGENTS = ['host-a', 'host-b', 'host-c'] as const;
type Agent = (typeof AGENTS)[number];
const SANDBOXES = { 'host-a': ['sbx-web'], 'host-b': ['sbx-api'], 'host-c': [] } as const;

const answering = (id: string): string =>
  `require('node:http').createServer((_, r) => r.end('{"sandbox":"${id}"}\\n')).listen(8080)`;

/** The package on machines without the source tree, set up with the blocks of docs/deploy.md. */
describe('the package, installed as docs/deploy.md says', function () {
  this.timeout(120_000);
  let installed: Installed;
  let postgres: TestPostgres;
  let controlPlane: Running;
  let hosts: { readonly [agent in Agent]: HostNamespace };
  let variables: { readonly [name: string]: string };
  const running: ChildProcess[] = [];

  const etc = (of: string): string => installed.inFolder(`${of}/etc`);
  const state = (of: string): string => installed.inFolder(`${of}/lib`);
  const on = (agent: Agent): readonly string[] => ['nsenter', `--net=/run/netns/${hosts[agent].name}`];
  const follow = (mark: string) => installed.shell(markedBlock('deploy.md', `deploy: ${mark}`), variables);
  const keep = (started: Running): Running => {
    running.push(started.child);
    return started;
  };
  const settingsFile = (of: string): string => join(etc(of), of === 'control' ? 'control-plane.env' : 'agent.env');
  const followOperations = (mark: string) =>
    installed.shell(markedBlock('operations.md', `operations: ${mark}`), {
      ...variables,
      BACKUP: installed.inFolder('backup'),
    });
  const networkStatus = async () =>
    JSON.parse((await installed.shell('gstacks network status dev --json')).stdout).status as string;
  const agents = async (): Promise<readonly { readonly id: string; readonly status: string }[]> =>
    JSON.parse((await installed.shell('gstacks agent list --json')).stdout).items;
  const statusOf = async (agent: Agent) => (await agents()).find(({ id }) => id === agent)?.status;

  function startAgent(agent: Agent): Running {
    const command = [...withCapabilitiesOfTheUnit(), 'globalstacks-agent', 'run', '--config', settingsFile(agent)];
    return keep(installed.start(command, {}, on(agent)));
  }

  function unit(name: string): string {
    const folder = installed.inFolder('prefix/lib/node_modules/globalstacks-networks/deploy/systemd');
    return readFileSync(join(folder, name), 'utf8');
  }

  /** Exactly the variables of the agent's unit. */
  function withCapabilitiesOfTheUnit(): readonly string[] {
    const [, names = ''] = /^CapabilityBoundingSet=(.+)$/m.exec(unit('globalstacks-agent.service')) ?? [];
    const added = names.split(' ').map((name) => `+${name.toLowerCase().replace('cap_', '')}`);
    return ['setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=-all,${added.join(',')}`];
  }

  async function startControlPlane(): Promise<Running> {
    const command = ['globalstacks-control-plane', 'run', '--config', settingsFile('control')];
    const started = keep(installed.start(command));
    const isReady = () =>
      fetch(`http://${variables.ADDRESS}:${variables.HTTP}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('the control plane is ready', isReady, 120_000).catch((error: unknown) => {
      throw new Error(`${error}\n${started.stdout()}${started.stderr()}`);
    });
    return started;
  }

  /** The codes of a doctor's checks that neither passed nor were skipped, and its exit code. */
  async function diagnosed(
    of: 'control' | Agent,
    env: Readonly<Record<string, string>>,
    under: readonly string[] = [],
  ) {
    const program = of === 'control' ? 'globalstacks-control-plane' : 'globalstacks-agent';
    const command = [...under, program, 'doctor', '--json', '--config', settingsFile(of)];
    const { code, stdout, stderr } = await installed.start(command, env, of === 'control' ? [] : on(of)).ended;
    expect(stderr).to.equal('');
    const { findings }: { findings: { code: string; status: string; evidence: string; remedy: string | null }[] } =
      JSON.parse(stdout);
    const bad = findings.filter(({ status }) => status !== 'pass' && status !== 'skipped');
    for (const finding of bad) expect(finding.remedy, finding.evidence).to.be.a('string');
    return { code, bad: bad.map(({ code: check, status }) => `${check} ${status}`), said: JSON.stringify(bad) };
  }

  /** Runs on the host the line that `gstacks agent enroll` prints, with this host's further settings. */
  async function enrol(agent: Agent): Promise<string> {
    mkdirSync(etc(agent), { recursive: true });
    const sandboxes = join(etc(agent), 'sandboxes.yaml');
    writeFileSync(sandboxes, JSON.stringify(SANDBOXES[agent].map((id) => ({ id }))));
    const { name, address } = hosts[agent];
    const settings = {
      GLOBALSTACKS_AGENT_SANDBOXES: sandboxes,
      GLOBALSTACKS_AGENT_NETNS_PREFIX: `${name}.`,
      GLOBALSTACKS_AGENT_DNS_UPSTREAMS: 'refuse',
      GLOBALSTACKS_MESH_TRANSPORT: 'direct',
      GLOBALSTACKS_MESH_DIRECT_LISTEN: `${address}:7946`,
      GLOBALSTACKS_CA_FILE: join(etc('control'), 'ca.pem'),
    };
    const { stdout } = await installed.shell(`gstacks agent enroll ${agent}`);
    const line = stdout.split('\n').find((text) => text.includes('globalstacks-agent enroll'));
    const more = Object.entries(settings).map(([setting, value]) => `--set ${setting}=${value}`);
    const places = `--driver netns --state-dir ${state(agent)} --config ${join(etc(agent), 'agent.env')}`;
    return (await installed.shell(`${line} ${places} ${more.join(' ')}`, {}, on(agent))).stdout;
  }

  before(async function () {
    this.timeout(300_000);
    installed = await Installed.install(markedBlock('deploy.md', 'deploy: install'));
    postgres = await startTestPostgres();
    const [a, b, c] = [await HostNamespace.make(), await HostNamespace.make(), await HostNamespace.make()];
    hosts = { 'host-a': a, 'host-b': b, 'host-c': c };
    // host-a and host-b share a network; every host reaches the control plane.
    const [wiredA, wiredB] = await HostNamespace.wire(a, b);
    await ip('-n', a.name, 'route', 'add', `${b.address}/32`, 'via', wiredB);
    await ip('-n', b.name, 'route', 'add', `${a.address}/32`, 'via', wiredA);
    await ip('-n', c.name, 'route', 'add', `${a.machine}/32`, 'via', c.machine);

    variables = {
      ETC: etc('control'),
      STATE: state('control'),
      ADDRESS: a.machine,
      HTTP: String(await freePort(a.machine)),
      BUS: String(await freePort(a.machine)),
      DATABASE: postgres.url('postgres'),
    };
    mkdirSync(etc('control'), { recursive: true });
    const { caFile, certificateFile, keyFile } = await certifyServer(installed.folder, a.machine);
    copyFileSync(caFile, join(etc('control'), 'ca.pem'));
    copyFileSync(certificateFile, join(etc('control'), 'bus.pem'));
    copyFileSync(keyFile, join(etc('control'), 'bus.key'));
    await follow('control plane');
    const nats = installed.inFolder('nats-server');
    copyFileSync(await obtainNatsServer(join(CLONE, '.cache'), () => {}), nats);
    chmodSync(nats, 0o755);
    keep(installed.start([nats, '-c', join(etc('control'), 'nats-server.conf')]));
    controlPlane = await startControlPlane();
    await follow('log in');
  });

  after(async () => {
    const ended = running.map((child) => (child.exitCode ?? child.signalCode) === null && once(child, 'exit'));
    for (const child of running.reverse()) child.kill('SIGTERM');
    await Promise.all(ended);
    await postgres?.stop();
    for (const host of Object.values(hosts ?? {})) {
      await cleanNamespaces(`${host.name}.`);
      await host.remove();
    }
    installed?.remove();
  });

  it('brings the console', async () => {
    const page = await fetch(`http://${variables.ADDRESS}:${variables.HTTP}/`);
    expect(await page.text()).to.include('<div id="console">');
  });

  it('enrols a host by the line that the command line prints, and writes nothing for a bad one', async () => {
    const refused = installed.start(
      ['globalstacks-agent', 'enroll', '--name', 'host-a', '--token-file', join(etc('control'), 'admin-token')]
        .concat(['--url', `http://${variables.ADDRESS}:${variables.HTTP}`, '--driver', 'netns'])
        .concat(['--set', 'GLOBALSTACKS_AGENT_SANDBOXES=/nowhere', '--state-dir', state('bad')])
        .concat(['--config', join(etc('bad'), 'agent.env')]),
      {},
      on('host-a'),
    );
    const { code, stderr } = await refused.ended;
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/error: .*\n {2}try: .*gstacks agent enroll/);
    expect(existsSync(etc('bad'))).to.equal(false);

    for (const agent of AGENTS) expect(await enrol(agent)).to.include(`${agent} is enrolled at http://`);
    for (const agent of AGENTS) startAgent(agent);
    for (const agent of AGENTS) {
      await waitFor(`${agent} is online`, async () => (await statusOf(agent)) === 'ONLINE', 60_000);
    }
  });

  it('speaks TLS on the bus', async () => {
    const config = readFileSync(join(etc('control'), 'nats-server.conf'), 'utf8');
    expect(config).to.include('tls: {');
    const credentials = readFileSync(join(state('host-a'), 'identity/credentials.json'), 'utf8').split('\n')[1];
    expect(JSON.parse(credentials ?? '').busServers).to.deep.equal([`tls://${variables.ADDRESS}:${variables.BUS}`]);
  });

  it("runs the README's walk-through, with the other host's sandbox at the end of it", async () => {
    for (const agent of ['host-a', 'host-b'] as const) {
      const [id = ''] = SANDBOXES[agent];
      const namespace = await waitFor(`${id} is reported`, async () => {
        const { items } = JSON.parse((await installed.shell('gstacks sandbox list --json')).stdout);
        return items.find((item: { id: string }) => item.id === id)?.namespace ?? false;
      });
      running.push(nodeInside(namespace, answering(id)));
    }
    const trusting = { GLOBALSTACKS_CA_FILE: join(etc('control'), 'ca.pem') };
    const { stdout } = await installed.shell(walkThrough(), trusting, on('host-a'));
    expect(stdout).to.match(/\{"sandbox":"sbx-api"\}\n$/);
    await installed.shell('gstacks mesh leave dev', {}, on('host-a'));
  });

  it('is found well by its doctors', async () => {
    expect(await diagnosed('control', {})).to.deep.equal({ code: 0, bad: [], said: '[]' });
    expect(await diagnosed('host-a', {})).to.deep.equal({ code: 0, bad: [], said: '[]' });
  });

  const faults: readonly (readonly ['control' | Agent, string, Readonly<Record<string, string>>])[] = [
    ['control', 'DATABASE', { GLOBALSTACKS_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' }],
    ['control', 'BUS', { GLOBALSTACKS_NATS_URL: 'tls://127.0.0.1:9' }],
    ['control', 'HTTP', { GLOBALSTACKS_HTTP_LISTEN: '192.0.2.1:80' }],
    ['control', 'MESH', { GLOBALSTACKS_MESH_CONTROL_URL: 'http://127.0.0.1:9', GLOBALSTACKS_MESH_AUTH_KEY: 'key' }],
    ['host-a', 'CONTROL_PLANE', { GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:9' }],
    ['host-a', 'DRIVER', { GLOBALSTACKS_AGENT_SANDBOXES: '/nowhere' }],
    ['host-a', 'DRIVER', { GLOBALSTACKS_AGENT_DRIVER: 'docker', GLOBALSTACKS_AGENT_DOCKER_SOCKET: '/nowhere' }],
    [
      'host-a',
      'MESH',
      {
        GLOBALSTACKS_MESH_TRANSPORT: 'tsnet',
        GLOBALSTACKS_MESH_CONTROL_URL: 'http://127.0.0.1:9',
        GLOBALSTACKS_MESH_NODE: '/bin/true',
      },
    ],
  ];
  for (const [of, check, env] of faults) {
    it(`has a doctor that finds ${check} of ${of} with ${Object.keys(env).join(' and ')}`, async () => {
      const { code, bad, said } = await diagnosed(of, env);
      expect(bad, said).to.include(`${check} fail`);
      expect(code).to.equal(1);
    });
  }

  it('has a doctor that misses capabilities, and an authority', async () => {
    const powerless = ['setpriv', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
    expect((await diagnosed('host-a', {}, powerless)).bad).to.deep.equal(['KERNEL fail']);
    const wrong = { GLOBALSTACKS_CA_FILE: join(etc('control'), 'bus.pem') };
    expect((await diagnosed('host-a', wrong)).bad).to.deep.equal(['BUS fail']);
  });

  it('has units that systemd takes', async () => {
    const folder = installed.inFolder('units');
    mkdirSync(folder);
    const programs = ['globalstacks-control-plane', 'globalstacks-agent'];
    const files = [...programs, 'globalstacks-nats'].map((name) => join(folder, `${name}.service`));
    for (const file of files) {
      const text = unit(basename(file))
        .replace(/^(ExecStart=)\/usr\/bin\/nats-server/m, `$1${installed.inFolder('nats-server')}`)
        .replace(/^(ExecStart=)\/usr\/bin/m, `$1${installed.inFolder('prefix/bin')}`);
      writeFileSync(file, text);
    }
    const { code, stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...files]).ended;
    expect(`${stdout}${stderr}`).to.equal('');
    expect(code).to.equal(0);
  });

  it('is backed up while it runs, and restored: agents are ahead, and an operator decides', async () => {
    await followOperations('backup of a database');
    await installed.shell('gstacks network alias add dev sbx-api later --port 9090 --wait');
    controlPlane.child.kill('SIGTERM');
    await controlPlane.ended;
    await query(postgres.url('postgres'), 'CREATE DATABASE restored');
    writeFileSync(join(etc('control'), 'database-url'), postgres.url('restored'));
    const { stdout } = await followOperations('restore into a database');
    expect(stdout).to.match(/^restored up to event \d+.*\nkeys: those in .* stay\n/);
    controlPlane = await startControlPlane();
    await waitFor('agents are found ahead', async () => (await networkStatus()) === 'EPOCH_REGRESSED', 60_000);
    const decided = await installed.shell('gstacks admin new-epoch --yes');
    expect(decided.stdout).to.include('epoch 2 started');
    await waitFor('agents follow', async () => (await networkStatus()) === 'SYNCED', 60_000);
    expect((await installed.shell('gstacks network alias list dev')).stdout).not.to.include('later');
  });

  it('removes a host: its agent ends, and the others go on', async () => {
    await follow('remove a host');
    expect(await statusOf('host-c')).to.equal('REVOKED');
    await installed.shell('gstacks network policy deny dev --from web --to api --port 8080 --wait');
    const { items } = JSON.parse((await installed.shell('gstacks sandbox list --json')).stdout);
    const { namespace } = items.find((item: { id: string }) => item.id === 'sbx-web');
    const { output } = await inside(namespace, 'curl', '-sS', '--max-time', '5', 'http://api.dev.gstacks:8080/');
    expect(output).to.include('reset');
  });
});
