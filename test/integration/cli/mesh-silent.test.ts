import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readEnvironment } from '#apps/cli/environment.js';
import { askNode } from '#apps/cli/mesh/node-client.js';
import { nodeFolder, nodePid, socketOf } from '#apps/cli/mesh/node-folder.js';
import { NODE_ENDING } from '#libs/contracts/local-node-requests.js';
import { stateFileOf } from '#libs/program/local-node-folder.js';
import { joined, NODE_ID } from '#test/integration/cli/answering-node.js';
import { problem } from '#test/integration/cli/answering-server.js';
import { type Finished, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { CLONE } from '#test/support/clone.js';
import { programFile } from '#test/support/programs.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const LEAVE = `POST /v1/local-nodes/${NODE_ID}/leave`;
const END = { nodeId: NODE_ID, changed: true, connectionCut: true, connectionNotCutReason: null, meshNode: 'none' };
/** The time of a command in addition to its wait for the node, on a busy machine. */
const COMMAND_MS = 8_000;
const SILENT_AFTER_MS = 2_000;

describe('gstacks mesh with a background node that does not answer', function () {
  this.timeout(60_000);
  const on = stage();
  let runtime: string;
  let folder: string;
  let env: Record<string, string>;
  let node: ChildProcess | null;

  beforeEach(() => {
    runtime = mkdtempSync(join(tmpdir(), 'gs-silent-'));
    env = { ...on().env, XDG_RUNTIME_DIR: runtime };
    const context = { url: on().server.url, token: 'secret-token', origin: 'environment', name: null };
    folder = nodeFolder(context, readEnvironment(env), runtime);
    mkdirSync(folder, { mode: 0o700 });
    node = null;
    on().server.on(LEAVE, { json: END });
  });
  afterEach(async () => {
    if (node !== null && isRunning(node)) {
      const ended = once(node, 'exit');
      node.kill('SIGKILL');
      await ended;
    }
    rmSync(runtime, { recursive: true, force: true });
  });

  const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;
  const gstacks = (command: string): Promise<Finished> => on().gstacks.run(words(command), { env });

  async function startNode(): Promise<ChildProcess> {
    node = spawn(process.execPath, [programFile('local-node'), folder, on().server.url], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: 'ignore',
    });
    await waitFor('it answers', async () => (await askNode(folder, { kind: 'status' }).catch(() => null)) !== null);
    return node;
  }

  /** It has the folder and listens, and never answers. */
  async function startHungNode(): Promise<ChildProcess> {
    node = fork(join(CLONE, 'dist/test/programs/silent-node.js'), [folder]);
    await once(node, 'message');
    return node;
  }

  function remember(pid: number | undefined, ...networks: readonly (typeof joined)[]): void {
    writeFileSync(stateFileOf(folder), JSON.stringify({ pid, url: on().server.url, networks }));
  }

  it('names a stopped one and how to end it, within 2 s, whatever is asked of it', async () => {
    const { pid } = await startNode();
    remember(pid, joined);
    if (pid !== undefined) await stopProcesses(pid);
    for (const command of ['mesh status', 'mesh join dev']) {
      const began = performance.now();
      const { exitCode, stderr } = await gstacks(command);
      expect(performance.now() - began, command).to.be.lessThan(SILENT_AFTER_MS + COMMAND_MS);
      expect(exitCode, command).to.equal(5);
      expect(stderr).to.contain(`the background node (pid ${pid}) did not answer in 2 s: a signal has stopped it`);
      expect(stderr).to.contain('try: gstacks mesh leave dev, which resumes it or ends it');
    }
  });

  it('wakes a stopped one to leave with it', async () => {
    const stopped = await startNode();
    if (stopped.pid !== undefined) await stopProcesses(stopped.pid);
    // It has joined nothing, so it ends as soon as it is awake: the recorded network is left without it.
    remember(stopped.pid, joined);
    const { exitCode, stdout, stderr } = await gstacks('mesh leave dev');
    expect(stdout, stderr).to.match(/this machine (left|had not joined) dev/);
    expect(exitCode).to.equal(0);
    await waitFor('it is awake, and ends by itself', () => stopped.exitCode === 0);
  });

  it('ends a hung one, tells the control plane, and says what has ended with it', async () => {
    const hung = await startHungNode();
    remember(hung.pid, joined, { ...joined, network: 'other', nodeId: 'laptop-1b2c3d4e5f' });
    const { exitCode, stdout, stderr } = await gstacks('mesh leave dev');
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain(`the background node (pid ${hung.pid}) did not answer, and was ended`);
    expect(stdout).to.contain('other has ended with it: gstacks mesh join other').and.contain('this machine left dev');
    expect(hung.signalCode).to.equal('SIGKILL');
    expect(on().server.requests.map(({ path }) => path)).to.deep.equal([`/v1/local-nodes/${NODE_ID}/leave`]);
    const { stdout: status, exitCode: unknown } = await gstacks('mesh status');
    expect(status).to.contain('the background node').and.contain('gstacks mesh join other').and.not.contain('dev ');
    expect(unknown).to.equal(5);
  });

  it('leaves what a killed one had joined, and forgets what had ended', async () => {
    remember(4_242, joined, {
      ...joined,
      network: 'old',
      state: 'ended',
      code: 'LOGIN_EXPIRED',
      message: 'it expired',
    });
    const left = await gstacks('mesh leave dev');
    expect(left.stdout, left.stderr).to.equal('this machine left dev\n');
    const forgotten = await gstacks('mesh leave old');
    expect(forgotten.stdout, forgotten.stderr).to.equal('this machine was no longer in old: it expired\n');
    expect(on().server.requests).to.have.length(1);
    const nothing = await gstacks('mesh status');
    expect([nothing.exitCode, nothing.stdout]).to.deep.equal([
      0,
      'this machine has joined no network; next: gstacks mesh join <network>\n',
    ]);
    expect((await gstacks('mesh leave dev')).stderr).to.contain('NOT_JOINED');
  });

  it('starts another where one is ending, and joins by that', async () => {
    on().server.on('POST /v1/networks/dev/local-nodes', problem(503, 'STARTING', 'the control plane is starting'));
    const ending = createServer((connection) => {
      connection.setEncoding('utf8').once('data', (line: string) => {
        const refusal = { ok: false, code: NODE_ENDING, message: 'it is ending', remedy: null };
        const status = { ok: true, changed: false, state: { pid: 1, url: on().server.url, networks: [] } };
        const isJoin = line.includes('"join"');
        if (isJoin) ending.close();
        connection.end(`${JSON.stringify(isJoin ? refusal : status)}\n`);
      });
    });
    await once(ending.listen(socketOf(folder)), 'listening');
    const { stderr } = await gstacks('mesh join dev');
    const pid = nodePid(folder);
    if (pid !== null) process.kill(pid, 'SIGKILL');
    expect(stderr).to.contain('the control plane is starting');
    await waitFor('the other has ended', () => nodePid(folder) === null);
  });

  it('does not end a process that has the number of a killed one', async () => {
    remember(process.pid, joined);
    writeFileSync(join(folder, 'node.pid'), `${process.pid}\n`);
    writeFileSync(join(folder, 'node.began'), '1\n');
    const { exitCode, stderr } = await gstacks('mesh leave dev');
    expect(exitCode, stderr).to.equal(0);
    expect(existsSync(join(folder, 'node.pid')), 'the record of the dead one is gone').to.equal(false);
    expect(JSON.parse(readFileSync(stateFileOf(folder), 'utf8')).networks).to.deep.equal([]);
  });
});
