import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { sandbox } from '#test/integration/cli/answers.js';
import { finished, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);
const NAMESPACE = `gs-cli-${process.pid}`;
const SANDBOX = 'GET /v1/sandboxes/sbx-api';

describe('cli: sandbox exec', function () {
  this.timeout(60_000);
  const at = stage();
  const inNamespace = { json: { ...sandbox, driver: 'netns', namespace: NAMESPACE } };

  before(() => run('ip', ['netns', 'add', NAMESPACE]));
  after(() => run('ip', ['netns', 'delete', NAMESPACE]));

  it('runs in the namespace, with its input, output and arguments as they are', async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, inNamespace);
    const identify = await gstacks.run(words('sandbox exec sbx-api -- ip netns identify'), { env });
    expect(identify.stdout.trim()).to.equal(NAMESPACE);
    const argv = [
      ...words('sandbox exec sbx-api -- sh -c'),
      'cat; printf "%s|" "$@"; echo oops >&2',
      'sh',
      '--json',
      'a b',
      '',
      '--wait',
    ];
    const echoed = await gstacks.run(argv, { env, stdin: 'typed\n' });
    expect(echoed.stdout).to.equal('typed\n--json|a b||--wait|');
    expect(echoed.stderr).to.equal('oops\n');
  });

  for (const [script, code] of [
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ] as const) {
    it(`exits with ${code} after \`${script}\``, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, inNamespace);
      const { exitCode } = await gstacks.run([...words('sandbox exec sbx-api -- sh -c'), script], { env });
      expect(exitCode).to.equal(code);
    });
  }

  for (const [what, command, code] of [
    ['that is not there', 'no-such-command', 127],
    ['that is not there, at a path', '/no/such/command', 127],
    ['that may not be executed', '/etc/passwd', 126],
    ['that is a folder', '/etc', 126],
  ] as const) {
    it(`exits with ${code} for a command ${what}, as a shell does, and says so`, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, inNamespace);
      const { exitCode, stderr } = await gstacks.run([...words('sandbox exec sbx-api --'), command, '-x'], { env });
      expect(exitCode).to.equal(code);
      expect(stderr).to.contain(command);
    });
  }

  it('passes a TERM on to the command', async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, inNamespace);
    const child = gstacks.start(
      [...words('sandbox exec sbx-api -- sh -c'), 'trap "exit 9" TERM; echo up; read line; exit 3'],
      { env },
    );
    let isUp = false;
    child.stdout.on('data', () => {
      isUp = true;
    });
    const ended = finished(child);
    await waitFor('the command runs', () => isUp);
    child.kill('SIGTERM');
    expect((await ended).exitCode).to.equal(9);
  });

  it('is refused where there is no namespace, with the reason and what to do', async () => {
    const { server, gstacks, env } = at();
    server.on(SANDBOX, { json: sandbox });
    const { exitCode, stderr } = await gstacks.run(words('sandbox exec sbx-api -- true'), { env });
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('EXEC_UNSUPPORTED').and.contain('static').and.contain('--sandboxes netns');
  });

  for (const namespace of ['not-on-this-machine', '../../etc', '-all']) {
    it(`is refused for the namespace ${namespace}`, async () => {
      const { server, gstacks, env } = at();
      server.on(SANDBOX, { json: { ...sandbox, driver: 'netns', namespace } });
      const { exitCode, stderr } = await gstacks.run(words('sandbox exec sbx-api -- true'), { env });
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain('NAMESPACE_NOT_HERE').and.contain('host-b');
    });
  }
});
