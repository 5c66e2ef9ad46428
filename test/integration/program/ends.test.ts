import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freePort } from '#test/support/ports.js';
import { freshDatabase } from '#test/support/postgres.js';
import { type ProgramName, programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';

/** From the request to end, or from the process's report that it cannot run. */
const ENDS_WITHIN_MS = 5_000;

/** One of our processes, without the test's environment. */
class Program {
  output = '';
  private readonly child;
  readonly ended: Promise<number | null>;

  constructor(entry: ProgramName, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [programFile(entry), ...args], {
      cwd: CLONE,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(this.child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  }

  says(text: string): Promise<unknown> {
    return waitFor(`it says ${text}`, () => this.output.includes(text), 20_000);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The exit code; fails if the process exceeds the bound, and kills it then. */
  async end(): Promise<number | null> {
    const killer = setTimeout(() => {
      this.output += '\nthe test had to kill it';
      this.child.kill('SIGKILL');
    }, ENDS_WITHIN_MS);
    const code = await this.ended;
    clearTimeout(killer);
    expect(this.output).not.to.include('the test had to kill it');
    return code;
  }
}

describe('a process that cannot run, or is asked to end', function () {
  this.timeout(60_000);
  let folder: string;
  let nats: TestNats;
  let databaseUrl: string;
  let taken: Server;
  let takenPort: number;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gs-ends-'));
    [nats, databaseUrl] = await Promise.all([startNats(), freshDatabase()]);
    takenPort = await freePort();
    taken = createServer().listen(takenPort, '127.0.0.1');
    await once(taken, 'listening');
  });

  after(async () => {
    taken.close();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const controlPlane = (change: Readonly<Record<string, string>> = {}) =>
    new Program('control-plane', [], {
      GLOBALSTACKS_DATABASE_URL: databaseUrl,
      GLOBALSTACKS_NATS_URL: nats.url,
      GLOBALSTACKS_KEYS_DIR: nats.keysFolder,
      GLOBALSTACKS_HTTP_LISTEN: '127.0.0.1:0',
      ...change,
    });

  const agent = (change: Readonly<Record<string, string>> = {}) => {
    writeFileSync(join(folder, 'sandboxes.yaml'), '[]\n');
    writeFileSync(join(folder, 'token'), 'gsenroll_0123456789012345678901234567890123456789\n');
    return new Program('agent', [], {
      GLOBALSTACKS_AGENT_NAME: 'host-a',
      // Nothing listens there.
      GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:1',
      GLOBALSTACKS_AGENT_STATE_DIR: join(folder, 'state'),
      GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE: join(folder, 'token'),
      GLOBALSTACKS_AGENT_DRIVER: 'static',
      GLOBALSTACKS_AGENT_SANDBOXES: join(folder, 'sandboxes.yaml'),
      GLOBALSTACKS_MESH_TRANSPORT: 'direct',
      ...change,
    });
  };

  it('control plane whose port is taken: says so and ends, though it is connected to the bus', async () => {
    const program = controlPlane({ GLOBALSTACKS_HTTP_LISTEN: `127.0.0.1:${takenPort}` });
    await program.says('cannot start');
    expect(await program.end()).to.equal(1);
    expect(program.output).to.include('is in use by');
  });

  it('control plane whose second port is taken: as well', async () => {
    const program = controlPlane({ GLOBALSTACKS_HTTP_LISTEN: `127.0.0.1:0,127.0.0.1:${takenPort}` });
    await program.says('cannot start');
    expect(await program.end()).to.equal(1);
    expect(program.output).to.include('is in use by');
  });

  it('control plane with a setting that cannot be used: exit code 2, and where in the sources', async () => {
    const program = controlPlane({ GLOBALSTACKS_HTTP_LISTEN: 'nowhere', NODE_OPTIONS: '--enable-source-maps' });
    await program.says('cannot start');
    expect(await program.end()).to.equal(2);
    expect(program.output).to.include('GLOBALSTACKS_HTTP_LISTEN');
    expect(program.output).to.match(/at readSettings \([^)]*apps\/control-plane\/foundation\/settings\.ts:\d+/);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`control plane, ${signal} while it waits for its database: ends well`, async () => {
      const program = controlPlane({ GLOBALSTACKS_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
      await program.says('waiting for the database');
      program.kill(signal);
      expect(await program.end()).to.equal(0);
    });

    it(`control plane, ${signal} when it is ready: ends well`, async () => {
      const program = controlPlane();
      await program.says('control plane is ready');
      program.kill(signal);
      expect(await program.end()).to.equal(0);
    });

    it(`agent, ${signal} while nobody answers its enrolment: ends well`, async () => {
      const program = agent();
      await program.says('waiting for the control plane, to get credentials');
      program.kill(signal);
      expect(await program.end()).to.equal(0);
    });
  }

  it('control plane that serves: has loaded no file beside its bundle, so no package twice', async () => {
    const program = controlPlane({ NODE_OPTIONS: `--import=${join(CLONE, 'dist/test/programs/loaded-files.js')}` });
    await program.says('control plane is ready');
    program.kill('SIGTERM');
    expect(await program.end()).to.equal(0);
    const loaded = [...program.output.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, file]) => file);
    expect(loaded).to.deep.equal([join(CLONE, 'dist/programs/control-plane.js')]);
  });

  it('agent whose state folder cannot be made: says so and ends', async () => {
    writeFileSync(join(folder, 'file'), '');
    const program = agent({ GLOBALSTACKS_AGENT_STATE_DIR: join(folder, 'file', 'state') });
    await program.says('cannot start');
    expect(await program.end()).to.equal(1);
    expect(program.output).to.include('ENOTDIR');
  });

  it('local node whose folder is gone: says so and ends', async () => {
    const program = new Program('local-node', [join(folder, 'gone'), 'http://127.0.0.1:1'], {});
    await program.says('cannot start');
    expect(await program.end()).to.equal(1);
    expect(program.output).to.include('ENOENT');
  });

  it('local node without a network: ends by itself', async () => {
    const program = new Program('local-node', [mkdtempSync(join(folder, 'idle-')), 'http://127.0.0.1:1'], {});
    await program.says('no network is joined');
    expect(await program.end()).to.equal(0);
    expect(program.output).to.include('no network is joined');
  });
});
