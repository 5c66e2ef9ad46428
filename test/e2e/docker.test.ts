import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { DockerHost } from '#test/support/docker-host.js';
import { walkThrough } from '#test/support/documents.js';
import { freePort } from '#test/support/ports.js';
import { programFile } from '#test/support/programs.js';
import { type RunningStack, run, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const URL = 'http://api.dev.gstacks:8080/';

describe('npm start -- --sandboxes docker', function () {
  this.timeout(180_000);
  let docker: DockerHost;
  let stack: RunningStack;

  before(async () => {
    docker = await DockerHost.make();
    stack = await startStack({
      sandboxes: 'docker',
      under: docker.under,
      env: { DOCKER_HOST: `unix://${docker.socketPath}` },
    });
  });

  after(async () => {
    await stack?.gstacks('mesh', 'leave', 'dev');
    await stack?.remove();
    await docker?.remove();
  });

  it("does what the README's walk-through says", async () => {
    const [command = '', ...rest] = [...docker.under, 'sh', '-c', `set -eux\n${walkThrough()}`];
    const path = `${join(CLONE, 'bin')}:${process.env.PATH}`;
    const { code, stdout, stderr } = await run(command, rest, { PATH: path, GLOBALSTACKS_HOME: stack.home }).ended;
    expect(code, `${stdout}${stderr}`).to.equal(0);
    expect(stdout).to.match(/\{"sandbox":"sbx-api"\}\n$/);
  });

  it('shows which container a sandbox is, and prints at its attaching that its DNS is in use', async () => {
    const { stdout } = await stack.gstacks('sandbox', 'show', 'sbx-web');
    expect(stdout)
      .to.match(/driver: +docker/)
      .and.match(/isolation: enforced[ \n]/)
      .and.match(/container: sbx-web \(/);
    const attached = await stack.gstacks('network', 'attach', 'dev', 'sbx-worker');
    expect(attached.stdout, attached.stderr).to.contain('dns: active');
  });

  it('lets one stand in a container: by docker exec and by gstacks sandbox exec', async () => {
    const byDocker = await docker.exec('sbx-web', 'curl', '-sS', URL);
    expect(byDocker).to.deep.equal({ code: 0, output: '{"sandbox":"sbx-api"}\n' });
    const byGstacks = await stack.inSandbox('sbx-web', 'curl', '-sS', URL).ended;
    expect(byGstacks).to.deep.include({ code: 0, stdout: '{"sandbox":"sbx-api"}\n' });
    const failed = await stack.inSandbox('sbx-web', 'sh', '-c', 'echo out; echo err >&2; exit 7').ended;
    expect(failed).to.deep.equal({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('cuts on a denial, and counts what it cut', async () => {
    const held = stack.inSandbox('sbx-web', 'curl', '-sSN', `${URL}hold`);
    await waitFor('the connection is open', () => held.stdout().includes('held'));
    const denied = await stack.gstacks(
      ...['network', 'policy', 'deny', 'dev', '--from', 'web', '--to', 'api', '--port', '8080', '--wait'],
    );
    expect(denied.stdout).to.match(/applied by 2\/2 agents in \d+ ms; 1 open connection cut/);
    expect((await held.ended).code).to.be.oneOf([18, 56]);
  });

  it('takes its containers and networks away at the end', async () => {
    await stack.stop();
    expect(await docker.run('ps', '-aq')).to.equal('');
    expect(await docker.run('network', 'ls', '--format', '{{.Name}}')).to.equal('bridge\nhost\nnone');
  });
});

describe('npm start -- --sandboxes docker without a Docker Engine', () => {
  it('says so, and what to do', async function () {
    this.timeout(60_000);
    const home = mkdtempSync(join(tmpdir(), 'gs-e2e-'));
    const options = ['--home', home, '--port', String(await freePort()), '--sandboxes', 'docker'];
    const args = [programFile('all-in-one'), ...options];
    const { code, stderr } = await run(process.execPath, args, { DOCKER_HOST: 'unix:///nowhere/docker.sock' }).ended;
    rmSync(home, { recursive: true, force: true });
    expect(code).to.equal(1);
    expect(stderr).to.contain('CONTAINERS_UNAVAILABLE').and.contain('/nowhere/docker.sock').and.contain('DOCKER_HOST');
  });
});
