import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { cleanNamespaces } from '#apps/agent/sandboxes/netns/namespaces.js';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from '#test/support/clone.js';
import { Deployment, type Machine, type Places } from '#test/support/deployment.js';
import { markedBlock } from '#test/support/documents.js';
import { HostNamespace } from '#test/support/host-namespace.js';
import { Installed } from '#test/support/installed.js';
import { startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import type { Running } from '#test/support/stack.js';

const AGENT = 'host-a';

/** The package on a machine and a host without the source tree; packed-debian.test.ts has three hosts. */
describe('the package, installed as docs/deploy.md says', function () {
  this.timeout(120_000);
  let installed: Installed;
  let postgres: TestPostgres;
  let deployment: Deployment;
  let host: HostNamespace;
  const running: ChildProcess[] = [];
  let nats: Running;
  let controlPlane: Running;

  const placesOf = (of: string): Places => ({
    etc: installed.inFolder(`${of}/etc`),
    state: installed.inFolder(`${of}/lib`),
  });
  const etc = (of: string): string => placesOf(of).etc;
  const onHost = (): Machine => installed.machine(['nsenter', `--net=/run/netns/${host.name}`]);
  const keep = (started: Running): Running => {
    running.push(started.child);
    return started;
  };
  const settingsFile = (of: string): string => join(etc(of), of === 'control' ? 'control-plane.env' : 'agent.env');

  /** The codes that a doctor finds something about, other than pass or skipped, and its exit code. */
  async function diagnosed(
    of: 'control' | typeof AGENT,
    env: Readonly<Record<string, string>>,
    under: readonly string[] = [],
  ) {
    const program = of === 'control' ? 'globalstacks-control-plane' : 'globalstacks-agent';
    const command = [...under, program, 'doctor', '--json', '--config', settingsFile(of)];
    const on = of === 'control' ? installed.machine() : onHost();
    const { code, stdout, stderr } = await on.start(command, env).ended;
    expect(stderr).to.equal('');
    const { findings }: { findings: { code: string; status: string; evidence: string; remedy: string | null }[] } =
      JSON.parse(stdout);
    const bad = findings.filter(({ status }) => status !== 'pass' && status !== 'skipped');
    for (const finding of bad) expect(finding.remedy, finding.evidence).to.be.a('string');
    return { code, bad: bad.map(({ code: check, status }) => `${check} ${status}`), said: JSON.stringify(bad) };
  }

  before(async function () {
    this.timeout(300_000);
    installed = await Installed.install(markedBlock('deploy.md', 'deploy: install'));
    postgres = await startTestPostgres();
    host = await HostNamespace.make();
    const [places, database] = [placesOf('control'), postgres.url('postgres')];
    deployment = await Deployment.configure(installed.machine(), places, host.machine, database, installed.folder);
    const program = installed.inFolder('nats-server');
    copyFileSync(await obtainNatsServer(join(CLONE, '.cache'), () => {}), program);
    chmodSync(program, 0o755);
    await startControl();
    await deployment.follow('log in');
  });

  /** Starts nats-server and the control plane, and waits until it is ready. */
  async function startControl(): Promise<void> {
    nats = keep(installed.start([installed.inFolder('nats-server'), '-c', join(etc('control'), 'nats-server.conf')]));
    controlPlane = keep(installed.start(['globalstacks-control-plane', 'run', '--config', settingsFile('control')]));
    await deployment.waitUntilReady(controlPlane);
  }

  async function stopControl(): Promise<void> {
    for (const { child, ended } of [controlPlane, nats]) {
      child.kill('SIGTERM');
      await ended;
    }
  }

  after(async () => {
    const ended = running.map((child) => (child.exitCode ?? child.signalCode) === null && once(child, 'exit'));
    for (const child of running.reverse()) child.kill('SIGTERM');
    await Promise.all(ended);
    await postgres?.stop();
    if (host !== undefined) {
      await cleanNamespaces(`${host.name}.`);
      await host.remove();
    }
    installed?.remove();
  });

  it('brings the console', async () => {
    const page = await fetch(`${deployment.url}/`);
    expect(await page.text()).to.include('<div id="console">');
  });

  it('enrols a host by the line that the command line prints, and writes nothing for a bad one', async () => {
    const refused = onHost().start(
      ['globalstacks-agent', 'enroll', '--name', AGENT, '--token-file', join(etc('control'), 'admin-token')]
        .concat(['--url', deployment.url, '--driver', 'netns'])
        .concat(['--set', 'GLOBALSTACKS_AGENT_SANDBOXES=/nowhere', '--state-dir', placesOf('bad').state])
        .concat(['--config', join(etc('bad'), 'agent.env')]),
    );
    const { code, stderr } = await refused.ended;
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/error: .*\n {2}try: .*gstacks agent enroll/);
    expect(existsSync(etc('bad'))).to.equal(false);

    const authority = join(etc('control'), 'ca.pem');
    const said = await deployment.enrol(AGENT, host, onHost(), placesOf(AGENT), ['sbx-web'], authority);
    expect(said).to.include(`${AGENT} is enrolled at http://`);
    keep(onHost().start(['globalstacks-agent', 'run', '--config', settingsFile(AGENT)]));
    await deployment.waitUntilOnline([AGENT]);
  });

  it('speaks TLS on the bus', async () => {
    const config = readFileSync(join(etc('control'), 'nats-server.conf'), 'utf8');
    expect(config).to.include('tls: {');
    const credentials = readFileSync(
      join(placesOf(AGENT).state, 'globalstacks-agent/identity/credentials.json'),
      'utf8',
    ).split('\n')[1];
    expect(JSON.parse(credentials ?? '').busServers).to.deep.equal([
      `tls://${deployment.variables.ADDRESS}:${deployment.variables.BUS}`,
    ]);
  });

  it('replaces the keys of the bus as docs/keys.md says, and its agent comes back by itself', async () => {
    const rotate = markedBlock('keys.md', 'keys: of the bus');
    const before = readFileSync(join(etc('control'), 'nats-server.conf'), 'utf8');
    const early = await installed.machine().start(['sh', '-ceu', rotate], deployment.variables).ended;
    expect(early.code, early.stderr).to.equal(1);
    expect(early.stderr).to.include('stop every control plane of this database');
    expect(readFileSync(join(etc('control'), 'nats-server.conf'), 'utf8')).to.equal(before);
    await stopControl();
    const { stdout } = await installed.machine().shell(rotate, deployment.variables);
    expect(stdout).to.include('has new keys of the bus: nats-operator.seed');
    expect(readFileSync(join(etc('control'), 'nats-server.conf'), 'utf8')).to.not.equal(before);
    await startControl();
    await deployment.waitUntilOnline([AGENT]);
    await deployment.json('gstacks network create keyed');
    // Fails unless the agent has applied it.
    await deployment.json('gstacks network attach keyed sbx-web --alias web --port 8080 --wait');
    await deployment.json('gstacks network delete keyed --detach-all --yes');
  });

  it('is read back by backup --check', async () => {
    const variables = { ...deployment.variables, BACKUP: installed.inFolder('backup') };
    await installed.machine().shell(markedBlock('operations.md', 'operations: backup of a database'), variables);
    const { stdout } = await installed
      .machine()
      .shell(markedBlock('operations.md', 'operations: check of a backup'), variables);
    expect(stdout)
      .to.include('is a complete backup')
      .and.match(/keys: +\d+ files/);
    const { code } = await installed
      .machine()
      .start(['globalstacks-control-plane', 'backup', '--check', '/etc/hostname']).ended;
    expect(code).to.equal(1);
  });

  it('is found well by its doctors', async () => {
    expect(await diagnosed('control', {})).to.deep.equal({ code: 0, bad: [], said: '[]' });
    expect(await diagnosed('host-a', {})).to.deep.equal({ code: 0, bad: [], said: '[]' });
  });

  const faults: readonly (readonly ['control' | typeof AGENT, string, Readonly<Record<string, string>>])[] = [
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
});
