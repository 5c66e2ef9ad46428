import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { freePort } from '#test/support/ports.js';
import { programFile } from '#test/support/programs.js';
import { type RunningStack, ran, run, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const PROCESSES = [
  'postgres',
  'nats',
  'control-plane',
  'agent-host-a',
  'agent-host-b',
  'sbx-web',
  'sbx-api',
  'sbx-worker',
];
const STOP_WITHIN_MS = 10_000;

describe('npm start', function () {
  this.timeout(180_000);
  let home: string;
  const started: RunningStack[] = [];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'gs-e2e-'));
  });

  afterEach(async () => {
    for (const stack of started.splice(0)) await stack.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function start(port: number, sandboxes: 'static' | 'netns' = 'static'): Promise<RunningStack> {
    const stack = await startStack({ sandboxes, home, port });
    started.push(stack);
    return stack;
  }

  it('ends with a ready block, each process with a pid and a log, and context.json for its owner alone', async () => {
    const port = await freePort();
    const stack = await start(port);
    const block = stack.output().split('\n').slice(stack.output().split('\n').indexOf('ready'));
    expect(block.slice(0, 5)).to.deep.equal([
      'ready',
      `url: http://127.0.0.1:${port}`,
      `cli: GLOBALSTACKS_HOME=${home} ${join(CLONE, 'bin', 'gstacks')}`,
      `home: ${home}`,
      'sandboxes: sbx-web@host-a sbx-api@host-b sbx-worker@host-b',
    ]);
    const link = block[5]?.replace('console: ', '') ?? '';
    expect(link).to.match(new RegExp(`^http://127\\.0\\.0\\.1:${port}/sign-in#code=gsc_[A-Za-z0-9_-]{43}$`));
    const code = new URL(link).hash.replace('#code=', '');
    const signIn = await fetch(`${stack.url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    expect(signIn.status).to.equal(201);
    for (const name of PROCESSES) {
      expect(isAlive(stack.pid(name)), name).to.equal(true);
      expect(existsSync(join(home, 'logs', `${name}.log`)), name).to.equal(true);
    }
    const { mode } = await import('node:fs').then(({ statSync }) => statSync(join(home, 'context.json')));
    expect(mode & 0o777).to.equal(0o600);
    const ready: { ports: Record<string, unknown> } = JSON.parse(readFileSync(join(home, 'ready.json'), 'utf8'));
    expect(ready.ports).to.include.keys('postgres', 'nats', 'mesh');
    expect(JSON.stringify(ready)).to.not.contain(code);
    for (const log of readdirSync(join(home, 'logs'))) {
      const text = readFileSync(join(home, 'logs', log), 'utf8');
      for (const secret of [stack.token, code]) expect(text, log).to.not.contain(secret);
    }
  });

  for (const sandboxes of ['static', 'netns'] as const) {
    it(`stops every child within 10 s and keeps its state for the next start (${sandboxes})`, async () => {
      const port = await freePort();
      const first = await start(port, sandboxes);
      await first.json(['network', 'create', 'kept']);
      await first.json(['network', 'attach', 'kept', 'sbx-api', '--alias', 'api', '--port', '8080', '--wait']);
      const pids = PROCESSES.map((name) => first.pid(name));
      const began = performance.now();
      expect(await first.stop()).to.equal(0);
      expect(performance.now() - began).to.be.lessThan(STOP_WITHIN_MS);
      expect(pids.filter(isAlive)).to.deep.equal([]);
      const { addressBlock }: { addressBlock: number } = JSON.parse(readFileSync(join(home, 'ports.json'), 'utf8'));
      for (const folder of ['/run/netns', '/etc/netns'].filter((path) => existsSync(path))) {
        expect(
          readdirSync(folder).filter((name) => name.startsWith(`gs${addressBlock}.`)),
          folder,
        ).to.deep.equal([]);
      }

      const second = await start(port, sandboxes);
      const { items } = (await second.json(['network', 'alias', 'list', 'kept'])) as { items: { alias: string }[] };
      expect(items.map(({ alias }) => alias)).to.deep.equal(['api']);
      const applied = (await second.json([
        'network',
        'policy',
        'allow',
        'kept',
        '--from',
        'any',
        '--to',
        'api',
        '--port',
        '8080',
        '--wait',
      ])) as {
        readonly applied: { readonly confirmed: number };
      };
      expect(applied.applied.confirmed).to.equal(1);
    });
  }

  it('ends on the next start what a killed parent left running', async () => {
    const port = await freePort();
    const parent = spawn(process.execPath, [programFile('all-in-one'), '--home', home, '--port', String(port)], {
      cwd: CLONE,
    });
    let output = '';
    parent.stdout.on('data', (bytes) => {
      output += String(bytes);
    });
    await waitFor('ready', () => output.includes('sandboxes: '), 60_000);
    const left = PROCESSES.map((name) => Number(readFileSync(join(home, 'run', `${name}.pid`), 'utf8')));
    const ended = once(parent, 'exit');
    parent.kill('SIGKILL');
    await ended;
    expect(left.filter(isAlive)).to.not.deep.equal([]);
    const stack = await start(port);
    expect(left.filter(isAlive)).to.deep.equal([]);
    await stack.json(['network', 'create', 'after']);
  });

  it('ends in order when npm itself is asked to end, and says how to end the background node that goes on', async () => {
    const npm = run('npm', ['start', '--', '--home', home, '--port', String(await freePort())]);
    await waitFor('ready', () => npm.stdout().includes('sandboxes: '), 120_000);
    const pids = PROCESSES.map((name) => Number(readFileSync(join(home, 'run', `${name}.pid`), 'utf8')));
    const gstacks = (...args: string[]) => run(join(CLONE, 'bin/gstacks'), args, { GLOBALSTACKS_HOME: home }).ended;
    expect((await gstacks('network', 'create', 'dev')).code).to.equal(0);
    expect((await gstacks('mesh', 'join', 'dev')).code).to.equal(0);
    const began = performance.now();
    npm.child.kill('SIGTERM');
    const { stdout } = await npm.ended;
    expect(performance.now() - began).to.be.lessThan(STOP_WITHIN_MS);
    expect(pids.filter(isAlive)).to.deep.equal([]);

    const [, pid = '', command = ''] =
      /background node .*\(pid (\d+)\) keeps running .*:\n {2}(.*)\n$/.exec(stdout) ?? [];
    expect(isAlive(Number(pid)), stdout).to.equal(true);
    const left = await run('sh', ['-c', command]).ended;
    expect(left.code, left.stderr).to.equal(0);
    await waitFor('the background node ends', () => !isAlive(Number(pid)));
  });

  it('names a busy port and its owner, and starts nothing', async () => {
    const port = await freePort();
    const owner = createServer().listen(port, '127.0.0.1');
    await once(owner, 'listening');
    const { code, stderr } = await ran(process.execPath, [
      programFile('all-in-one'),
      '--home',
      home,
      '--port',
      String(port),
    ]);
    owner.close();
    expect(code).to.equal(1);
    expect(stderr).to.contain(`127.0.0.1:${port}`).and.to.contain(`(pid ${process.pid})`).and.to.contain('--port');
    expect(readdirSync(join(home, 'run'))).to.deep.equal(['all-in-one.lock']);
  });

  it('is one stack in a home, also of two that are started at the same moment', async () => {
    const ports = [await freePort(), await freePort()];
    const both = ports.map((port) =>
      run(process.execPath, [programFile('all-in-one'), '--home', home, '--port', String(port)]),
    );
    try {
      const refused = await Promise.race(both.map(({ ended }) => ended));
      expect(refused.code, refused.stderr).to.equal(1);
      expect(refused.stderr).to.contain('ALREADY_RUNNING').and.contain(`home ${home} is already running`);
      const [owner, ...others] = both.filter(({ child }) => child.exitCode === null);
      expect(others).to.deep.equal([]);
      await waitFor('the other is ready', () => owner?.stdout().includes('console: '), 60_000);
      const late = await ran(process.execPath, [programFile('all-in-one'), '--home', home]);
      expect(late.stderr).to.contain(`already running (pid ${owner?.child.pid})`);
      expect(isAlive(Number(readFileSync(join(home, 'run', 'postgres.pid'), 'utf8')))).to.equal(true);
    } finally {
      for (const { child } of both) child.kill('SIGTERM');
      for (const { ended } of both) await ended;
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^\d+ \(.*\) [ZX]/.test(stat);
  } catch {
    return false;
  }
}
