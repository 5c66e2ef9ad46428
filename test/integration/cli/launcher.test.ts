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

  it('loads few files to read a list: their number and size grow only on purpose', async () => {
    const { server, env, gstacks } = at();
    server.on('GET /v1/networks', { json: { ...page(network), unknown: [] } });
    const tell = `
      import { statSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      const files = new Set();
      registerHooks({ load: (url, context, next) => (url.startsWith('file:') && files.add(url), next(url, context)) });
      process.on('exit', () => {
        const sizes = [...files].map((url) => statSync(new URL(url)).size);
        process._rawDebug('loaded:', files.size, sizes.reduce((sum, size) => sum + size, 0));
      });`;
    const options = { env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` } };
    const { exitCode, stderr } = await gstacks.run(words('network list'), options);
    const [, files = '0', bytes = '0'] = /loaded: (\d+) (\d+)/.exec(stderr) ?? [];
    expect(exitCode, stderr).to.equal(0);
    // Finding and loading them takes a quarter of the command's CPU time (docs/performance.md).
    expect(Number(files)).to.be.within(1, 22);
    expect(Number(bytes)).to.be.within(1, 540_000);
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
