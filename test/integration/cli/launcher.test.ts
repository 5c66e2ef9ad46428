import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { network, page } from '#test/integration/cli/answers.js';
import { finished, GSTACKS, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const run = promisify(execFile);

describe('cli: bin/gstacks', function () {
  this.timeout(60_000);
  const at = stage();
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gstacks-bin-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('runs by path from any folder, without node on the PATH', async () => {
    const { stdout } = await run(GSTACKS, ['--version'], { cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    expect(stdout).to.match(/^gstacks \d+\.\d+\.\d+ \S+ node-v24\./);
  });

  it('runs through a symbolic link', async () => {
    await symlink(GSTACKS, join(folder, 'gs'));
    const { stdout } = await run(join(folder, 'gs'), ['--version'], { cwd: folder });
    expect(stdout).to.match(/^gstacks /);
  });

  it('says in under 250 ms which version it is', async () => {
    const taken: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      await run(GSTACKS, ['--version']);
      taken.push(performance.now() - began);
    }
    expect(Math.min(...taken)).to.be.below(250);
  });

  it("reads without Node's client of fetch, which takes half as long to load as all the rest", async () => {
    const { server, env, gstacks } = at();
    server.on('GET /v1/networks', { json: { ...page(network), unknown: [] } });
    const tell = 'process.on("exit", () => process._rawDebug("loaded:", process.moduleLoadList.join()))';
    const options = { env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` } };
    const { exitCode, stdout, stderr } = await gstacks.run(words('network list'), options);
    expect([exitCode, stdout], stderr).to.satisfy(
      ([code, text]: [number, string]) => code === 0 && text.includes('dev'),
    );
    expect(stderr).to.contain('loaded: ').and.contain('NativeModule _http_client');
    for (const heavy of ['undici', 'http2', 'tls']) expect(stderr).to.not.contain(`${heavy},`);
  });

  it('goes on with the pinned Node when another one runs it', async () => {
    await mkdir(join(folder, 'old'), { recursive: true });
    const older = `Object.defineProperty(process.versions, 'node', { value: '20.0.0' });`;
    const { stdout } = await run(process.execPath, [
      `--import=data:text/javascript,${encodeURIComponent(older)}`,
      GSTACKS,
      'network',
      '--help',
    ]);
    expect(stdout).to.contain('gstacks network COMMAND');
  });

  for (const isJson of [false, true]) {
    it(`says to run npm start in a clone that is not built${isJson ? ', as JSON' : ''}`, async () => {
      const clone = join(folder, `clone-${isJson}`);
      await mkdir(join(clone, 'bin'), { recursive: true });
      await copyFile(join(GSTACKS, '../../package.json'), join(clone, 'package.json'));
      await copyFile(GSTACKS, join(clone, 'bin/gstacks'));
      const child = spawn(join(clone, 'bin/gstacks'), ['network', 'list', ...(isJson ? ['--json'] : [])], {
        stdio: 'pipe',
      });
      const { exitCode, stdout, stderr } = await finished(child);
      expect(exitCode).to.equal(1);
      expect(isJson ? JSON.parse(stdout).error.remedy : stderr).to.contain('npm start');
    });
  }

  it('is quiet when its reader goes away', async () => {
    const { server, env, gstacks } = at();
    server.on('GET /v1/networks', { json: { ...page(...Array.from({ length: 20_000 }, () => network)), unknown: [] } });
    const child = gstacks.start(words('network list'), { env });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [exitCode] = await new Promise<[number | null]>((resolve) => child.on('exit', (code) => resolve([code])));
    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
  });

  it('shows help for everything', async () => {
    const { gstacks } = at();
    for (const line of [
      '',
      'network',
      'network alias',
      '--help',
      '-h',
      'help',
      'network --help',
      'help network policy allow',
      'network create -h',
    ]) {
      const { exitCode, stdout, stderr } = await gstacks.run(words(line));
      expect(exitCode, line).to.equal(0);
      expect(stderr, line).to.equal('');
      expect(stdout, line).to.contain('USAGE');
    }
  });
});
