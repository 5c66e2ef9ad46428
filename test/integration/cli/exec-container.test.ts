import { expect } from 'chai';
import { sandbox } from '#test/integration/cli/answers.js';
import { finished, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { DockerHost, TEST_IMAGE } from '#test/support/docker-host.js';
import { waitFor } from '#test/support/wait.js';

const SANDBOX = 'GET /v1/sandboxes/sbx-api';

describe('cli: sandbox exec in a container', function () {
  this.timeout(120_000);
  const at = stage();
  let docker: DockerHost;
  let id: string;

  before(async () => {
    docker = await DockerHost.make();
    id = await docker.run('run', '-d', '--name', 'api', '--init', TEST_IMAGE, 'sleep', '600');
  });

  after(() => docker.remove());

  const answer = (more: object = {}) => ({
    json: {
      ...sandbox,
      driver: 'docker',
      container: { id, name: 'api', startedAt: '2026-01-02T03:04:05Z', engineSocket: docker.socketPath, ...more },
    },
  });

  it('runs in the container, with its input, output and arguments as they are', async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, answer());
    const argv = [
      ...words('sandbox exec sbx-api -- bash -c'),
      'cat; printf "%s|" "$@" "$HOSTNAME"; echo oops >&2',
      'sh',
      '--json',
      'a b',
      '',
    ];
    const echoed = await gstacks.run(argv, { env, stdin: 'typed\n'.repeat(50_000) });
    expect(echoed.stdout).to.equal(`${'typed\n'.repeat(50_000)}--json|a b||${id.slice(0, 12)}|`);
    expect(echoed.stderr).to.equal('oops\n');
    expect(echoed.exitCode).to.equal(0);
  });

  for (const [script, code] of [
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -KILL $$', 137],
  ] as const) {
    it(`exits with ${code} after \`${script}\``, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, answer());
      const { exitCode } = await gstacks.run([...words('sandbox exec sbx-api -- bash -c'), script], { env });
      expect(exitCode).to.equal(code);
    });
  }

  for (const [what, command, code] of [
    ['that is not there', 'no-such-command', 127],
    ['that may not be executed', '/etc/passwd', 126],
  ] as const) {
    it(`exits with ${code} for a command ${what}, as a shell does, and says so`, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, answer());
      const { exitCode, stdout, stderr } = await gstacks.run([...words('sandbox exec sbx-api --'), command], { env });
      expect(exitCode).to.equal(code);
      expect(stdout + stderr).to.contain(command);
    });
  }

  it('passes a TERM on to the command', async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, answer());
    const script = 'trap "exit 9" TERM; echo up; while :; do read -t 1 line; done';
    const child = gstacks.start([...words('sandbox exec sbx-api -- bash -c'), script], { env });
    let isUp = false;
    child.stdout.on('data', () => {
      isUp = true;
    });
    const ended = finished(child);
    await waitFor('the command runs', () => isUp);
    child.kill('SIGTERM');
    expect((await ended).exitCode).to.equal(9);
  });

  const refusals: readonly (readonly [string, object, string])[] = [
    ['whose Engine is not on this machine', { engineSocket: '/nowhere/docker.sock' }, 'DOCKER_ENGINE_NOT_RUNNING'],
    ['that this Engine does not have', { id: 'f'.repeat(64) }, 'CONTAINER_NOT_HERE'],
  ];
  for (const [what, more, code] of refusals) {
    it(`is refused for a container ${what}`, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, answer(more));
      const { exitCode, stderr } = await gstacks.run(words('sandbox exec sbx-api -- true'), { env });
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(code).and.contain('host-b');
    });
  }

  it("is refused for a paused container, in the Engine's words", async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, answer());
    await docker.run('pause', 'api');
    const { exitCode, stderr } = await gstacks.run(words('sandbox exec sbx-api -- true'), { env });
    await docker.run('unpause', 'api');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('EXEC_FAILED').and.contain('paused');
  });
});
