import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CodedError } from '#libs/contracts/errors.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { CLONE } from '#test/support/clone.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { inside, ip } from '#test/support/host-namespace.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);
const label = (id: string) => ['--label', `gstacks.sandbox=${id}`];
const sandbox = (id: string, ...more: readonly string[]) => ['--network', 'gstacks', ...label(id), ...more];
const NAME = 'http://api.dev.gstacks:8080/';
const WITH_LIVE_RESTORE = ['--live-restore'];

const topology = (version = 1) =>
  snapshotOf({
    version,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
    aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
    allow: ['sandbox:sbx-web api 8080'],
  });

describe('faults around the driver docker', function () {
  this.timeout(180_000);
  let rig: DockerRig;

  afterEach(() => rig?.close());

  /** An agent with two containers, one of which may reach the other. */
  async function served(daemon: readonly string[] = [], more: { readonly [variable: string]: string } = {}) {
    rig = await DockerRig.start(more, { daemon });
    await rig.docker.serve('api', ...sandbox('sbx-api', '--restart', 'always'));
    await rig.docker.serve('web', ...sandbox('sbx-web', '--restart', 'always'));
    await rig.reported('sbx-api');
    await rig.reported('sbx-web');
    await rig.plane.publish(rig.agent.id, topology());
    await rig.plane.acknowledgement(1);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  }

  const inHost = (...command: readonly string[]) => inside(rig.docker.host.name, ...command);

  it('starts without a dockerd, says so once with what to do, and takes containers up when there is one', async () => {
    rig = await DockerRig.start();
    await rig.agent.end('SIGTERM');
    await rig.docker.stopDaemon();
    // The state after the host has started: no rules yet, and no dockerd.
    await inHost('nft', 'flush', 'ruleset');
    rig.agent.log.length = 0;
    rig.agent.start();
    await rig.agent.logged('agent started');
    expect((await inHost('nft', 'list', 'tables')).output).to.contain('table inet gstacks0');
    const fault = await rig.agent.logged('sandbox driver failed');
    expect(fault).to.deep.include({ code: 'DOCKER_ENGINE_NOT_RUNNING' });
    expect(fault.remedy).to.contain('GLOBALSTACKS_AGENT_DOCKER_SOCKET');
    const shown = await rig.refused('Docker Engine', 'DOCKER_ENGINE_NOT_RUNNING');
    expect(shown.message).to.contain(rig.docker.socketPath);
    await rig.docker.startDaemon();
    await rig.docker.serve('web', ...sandbox('sbx-web'));
    await rig.reported('sbx-web');
    await waitFor('it is not shown any more', () => rig.inventory?.refused.length === 0);
    expect(rig.agent.log.filter(({ message }) => message === 'sandbox driver failed')).to.have.length(1);
  });

  it('serves what lives while dockerd is away, and tells what dies meanwhile', async () => {
    await served(WITH_LIVE_RESTORE);
    await rig.docker.serve('third', ...sandbox('sbx-third'));
    await rig.reported('sbx-third');
    const [web, third] = [await processOf('web'), await processOf('third')];
    const { output: proxy } = await rig.docker.exec('web', 'dig', '+short', 'api.dev.gstacks');
    const held = spawn('nsenter', [`--net=/proc/${web}/ns/net`, 'curl', '-sSN', `http://${proxy.trim()}:8080/hold`]);
    await once(held.stdout, 'data');
    await rig.docker.stopDaemon();
    await rig.agent.logged('sandbox driver failed');
    const url = `http://${proxy.trim()}:8080/`;
    const dial = await inHost('nsenter', `--net=/proc/${web}/ns/net`, 'curl', '-sS', '-m', '5', url);
    expect(dial).to.deep.equal({ code: 0, output: 'from api' });
    process.kill(third, 'SIGKILL');
    await rig.gone('sbx-third');
    await rig.docker.startDaemon();
    await rig.docker.serve('fourth', ...sandbox('sbx-fourth'));
    await rig.reported('sbx-fourth');
    expect(rig.report('sbx-third')).to.equal(undefined);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
    expect(held.exitCode).to.equal(null);
    held.kill('SIGKILL');
  });

  it('follows containers through a restart of dockerd that ends and starts them, under load', async () => {
    await served();
    const before = await rig.reported('sbx-web');
    const load = Array.from({ length: 4 }, () =>
      rig.docker.exec('web', 'bash', '-c', `while curl -sS -m 2 ${NAME}; do :; done`),
    );
    await rig.docker.stopDaemon();
    await Promise.all(load);
    await rig.gone('sbx-web');
    await rig.docker.startDaemon();
    await waitFor('both containers run again', () =>
      ['sbx-web', 'sbx-api'].every((id) => {
        const { container } = rig.report(id) ?? {};
        return container !== undefined && container?.startedAt !== before.container?.startedAt;
      }),
    );
    await rig.docker.serves('api');
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });

  it('leaves isolation in place while it is away, and follows what changed meanwhile', async () => {
    await served();
    await rig.agent.end('SIGKILL');
    const { docker } = rig;
    await docker.run('rm', '-f', 'api');
    await docker.serve('new', ...sandbox('sbx-new'));
    const { output } = await docker.exec('new', 'dig', '@10.78.0.1', '+tries=1', '+time=1', 'api.dev.gstacks');
    expect(output).to.match(/timed out|no servers could be reached/);
    const address = await docker.run('inspect', '-f', '{{.NetworkSettings.Networks.gstacks.IPAddress}}', 'new');
    expect((await rig.curl('web', `http://${address}:8080/`)).code).to.be.oneOf([7, 28]);
    rig.agent.start();
    await waitFor('the agent is back', () => rig.report('sbx-new'));
    expect(rig.report('sbx-api')).to.equal(undefined);
    await docker.serve('api', ...sandbox('sbx-api'));
    await rig.reported('sbx-api');
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });

  it('takes away what it made when it ends, where it is told to', async () => {
    await served([], { GLOBALSTACKS_AGENT_REMOVE_ON_EXIT: 'true' });
    const { docker } = rig;
    await docker.run('network', 'create', 'other');
    await docker.run('network', 'connect', 'other', 'web');
    expect(await rig.agent.end('SIGTERM')).to.equal(0);
    expect(await docker.run('network', 'ls', '-f', 'name=gstacks', '-q')).to.equal('');
    expect((await inHost('nft', 'list', 'tables')).output).to.not.match(/(inet|bridge) gstacks0/);
    expect(await ip('-n', docker.host.name, 'route', 'show', 'table', 'local')).to.not.contain('10.78.');
    expect((await docker.exec('web', 'dig', '+short', 'web')).output).to.match(/^172\./);
  });

  it('makes its network anew when somebody removes it', async () => {
    rig = await DockerRig.start();
    await rig.docker.run('network', 'rm', 'gstacks');
    await waitFor('the network is there again', async () => (await rig.docker.engine.network('gstacks')) !== null);
    await rig.docker.serve('web', ...sandbox('sbx-web'));
    await rig.reported('sbx-web');
    await waitFor('the agent answers it, and it is attached to nothing', async () =>
      (await rig.docker.exec('web', 'dig', '+tries=1', 'api.dev.gstacks')).output.includes('NXDOMAIN'),
    );
  });

  it('says what is wrong with a network of its name that somebody else made, and goes on when it is gone', async () => {
    rig = await DockerRig.start();
    await rig.agent.end('SIGTERM');
    const { docker, agent } = rig;
    await docker.run('network', 'rm', 'gstacks');
    await docker.run('network', 'create', '--subnet', '10.79.0.0/16', 'gstacks');
    agent.log.length = 0;
    agent.start();
    const fault = await agent.logged('sandbox driver failed');
    expect(fault).to.deep.include({ code: 'DOCKER_NETWORK_UNFIT' });
    expect(fault.reason).to.contain('10.79.0.0/16').and.contain('10.78.0.0/16');
    expect(fault.remedy).to.contain('docker network rm gstacks');
    await docker.run('network', 'rm', 'gstacks');
    await waitFor('the network is there again', async () => (await docker.engine.network('gstacks')) !== null);
    await docker.serve('web', ...sandbox('sbx-web'));
    await rig.reported('sbx-web');
  });

  async function processOf(name: string): Promise<number> {
    return Number(await rig.docker.run('inspect', '-f', '{{.State.Pid}}', name));
  }
});

describe('an Engine that cannot be used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-engine-'));
  const socketPath = join(folder, 'docker.sock');
  let server: Server | null = null;

  afterEach(async () => {
    server?.close();
    server?.closeAllConnections();
    server = null;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function answering(version: object): Promise<void> {
    server = createServer((_request, response) => response.end(JSON.stringify(version))).listen(socketPath);
    await once(server, 'listening');
  }

  async function refusal(): Promise<CodedError> {
    try {
      await new DockerEngine(socketPath).connect();
    } catch (error) {
      if (error instanceof CodedError) return error;
      throw error;
    }
    throw new Error('the Engine was taken');
  }

  const versions: readonly (readonly [string, object, string])[] = [
    ['an old API', { Version: '19.03.5', ApiVersion: '1.40', MinAPIVersion: '1.12' }, 'DOCKER_API_TOO_OLD'],
    ['an API of the future', { Version: '99.0', ApiVersion: '1.99', MinAPIVersion: '1.90' }, 'DOCKER_API_TOO_NEW'],
    ['no version at all', {}, 'DOCKER_API_TOO_OLD'],
  ];
  for (const [what, version, code] of versions) {
    it(`is refused with ${what}, naming both and what to do`, async () => {
      await answering(version);
      const error = await refusal();
      expect(error.code).to.equal(code);
      expect(error.message).to.contain('1.41');
      expect(error.remedy).to.match(/install/);
    });
  }

  it('is refused without a socket', async () => expect((await refusal()).code).to.equal('DOCKER_ENGINE_NOT_RUNNING'));

  it('is refused to a user who may not open its socket, with what to do', async () => {
    await answering({ Version: '20.10', ApiVersion: '1.41', MinAPIVersion: '1.12' });
    chmodSync(folder, 0o755);
    chmodSync(socketPath, 0o600);
    const module = pathToFileURL(join(CLONE, 'dist/libs/docker-engine/engine.js')).href;
    const script = `const { DockerEngine } = await import('${module}');
await new DockerEngine('${socketPath}').connect().catch(({ code, remedy }) => console.log(code, remedy));`;
    const as = ['--reuid', '65534', '--clear-groups', process.execPath, '--input-type=module', '-e', script];
    const { stdout } = await run('setpriv', as);
    expect(stdout).to.match(/DOCKER_SOCKET_FORBIDDEN .*group docker/);
  });
});
