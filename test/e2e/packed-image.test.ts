import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from '#test/support/clone.js';
import { type DatabaseSocket, openDatabaseSocket } from '#test/support/database-socket.js';
import { DockerHost, TEST_IMAGE } from '#test/support/docker-host.js';
import { markedBlock } from '#test/support/documents.js';
import { inside } from '#test/support/host-namespace.js';
import { packedFile } from '#test/support/installed.js';
import { run } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const IMAGE = 'globalstacks-networks';
/** The Dockerfile's default base image; here a root built from this machine's programs. */
const BASE = 'debian:12-slim';
/** The control plane's user in the image, and its group. */
const USER = 10001;

/** As in docs/deploy.md, on a host that has the package, deploy/ and Docker, with a Postgres beside it. */
describe('the image of the control plane, built as docs/deploy.md says', function () {
  this.timeout(60_000);
  let docker: DockerHost;
  let database: DatabaseSocket;
  let nats: ChildProcess;
  const folder = mkdtempSync(join(tmpdir(), 'gs-image-'));
  const inFolder = (name: string): string => join(folder, name);

  const control = (...more: readonly string[]): readonly string[] => [
    ...['--network', 'host', '-v', `${inFolder('keys')}:/var/lib/globalstacks/keys`],
    ...['-v', `${inFolder('database')}:/database`, '-v', `${inFolder('secrets')}:/run/secrets:ro`],
    ...['-e', 'GLOBALSTACKS_KEYS_DIR=/var/lib/globalstacks/keys', '-e', 'GLOBALSTACKS_NATS_URL=nats://127.0.0.1:4222'],
    ...['-e', 'GLOBALSTACKS_DATABASE_URL_FILE=/run/secrets/database-url'],
    ...['-e', 'GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE=/run/secrets/admin-token', ...more, IMAGE],
  ];
  const ready = () => inside(docker.host.name, 'curl', '-s', 'http://127.0.0.1:7080/readyz');

  before(async function () {
    this.timeout(240_000);
    const file = await packedFile();
    for (const name of ['context', 'keys', 'database', 'secrets']) mkdirSync(inFolder(name));
    copyFileSync(file, join(inFolder('context'), basename(file)));
    for (const name of ['deploy', '.dockerignore']) {
      cpSync(join(CLONE, name), inFolder(`context/${name}`), { recursive: true });
    }
    database = await openDatabaseSocket(inFolder('database/.s.PGSQL.5432'), 'image');
    chmodSync(database.path, 0o777);
    writeFileSync(inFolder('secrets/database-url'), `postgres://image:${database.password}@/image?host=/database\n`);
    writeFileSync(inFolder('secrets/admin-token'), 'an-admin-token-of-this-test\n');
    docker = await DockerHost.make();
    await docker.run('tag', TEST_IMAGE, BASE);
    const built = await run(
      'sh',
      ['-ceu', `cd '${inFolder('context')}'\n${markedBlock('deploy.md', 'deploy: image')}`],
      {
        DOCKER_HOST: `unix://${docker.socketPath}`,
        // The builder that needs no plugin, and does not ask a registry for a local base image.
        DOCKER_BUILDKIT: '0',
      },
    ).ended;
    if (built.code !== 0) throw new Error(`docker build: ${built.stdout}${built.stderr}`);
  });

  after(async () => {
    nats?.kill();
    await docker?.remove();
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says whose the folder of its keys has to be, and writes them and what nats-server needs', async () => {
    const configure = ['run', '--rm', ...control(), 'nats-config', '--jwt-dir', inFolder('jwt')];
    const refused = await docker.try(...configure);
    expect(refused.code).to.equal(1);
    expect(refused.output).to.include('KEY_FOLDER_UNUSABLE').and.include('uid 10001');
    chownSync(inFolder('keys'), USER, USER);
    writeFileSync(inFolder('nats-server.conf'), await docker.run(...configure));
    const keys = await run('stat', ['-c', '%u:%g %a', inFolder('keys/nats-operator.seed')]).ended;
    expect(keys.stdout.trim()).to.equal(`${USER}:${USER} 600`);
    const server = await obtainNatsServer(join(CLONE, '.cache'), () => {});
    nats = spawn('ip', ['netns', 'exec', docker.host.name, server, '-c', inFolder('nats-server.conf')], {
      stdio: 'ignore',
    });
    await once(nats, 'spawn');
  });

  it('runs the control plane, which ends in order when its container is stopped', async () => {
    await docker.run('run', '-d', '--name', 'control-plane', ...control());
    await waitFor('it is ready', async () => (await ready()).output.includes('"ok"'), 20_000);
    await docker.run('stop', '-t', '10', 'control-plane');
    const ended = await docker.run('inspect', '-f', '{{.State.ExitCode}} {{.Config.User}}', 'control-plane');
    expect(ended).to.equal(`0 ${USER}:${USER}`);
  });

  it('is what compose.yaml runs, which wants the address of the machine', async () => {
    const compose = (env: Readonly<Record<string, string>>) =>
      run('docker-compose', ['-f', inFolder('context/deploy/compose.yaml'), 'config'], env).ended;
    const { code, stdout, stderr } = await compose({ ADDRESS: '10.0.0.1' });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include(`image: ${IMAGE}`).and.include('nats://10.0.0.1:4222');
    const without = await compose({});
    expect(without.code).not.to.equal(0);
    expect(without.stderr).to.include('the address of this machine');
  });
});
