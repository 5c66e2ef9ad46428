import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { askNode } from '#apps/cli/mesh/node-client.js';
import { programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';

const ROUNDS = 4;
const NODES = 3;
/** There is no control plane at this address. */
const NOWHERE = 'http://127.0.0.1:9';

describe('background nodes of one folder', function () {
  this.timeout(60_000);
  let folder: string;
  let output: string;
  const nodes: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-node-'));
    output = '';
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) {
      if (!isRunning(node)) continue;
      const ended = once(node, 'exit');
      node.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const env = { PATH: process.env.PATH ?? '' };
    const node = spawn(process.execPath, [programFile('local-node'), folder, NOWHERE], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    node.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    nodes.push(node);
    return node;
  }
  const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;
  const answering = async (): Promise<number | undefined> =>
    (await askNode(folder, { kind: 'status' }).catch(() => null))?.state.pid;

  it(`are one: of ${NODES} that start at the same moment one serves, and the others end (${ROUNDS} times)`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = Array.from({ length: NODES }, start);
      await waitFor('all but one have ended', () => started.filter(isRunning).length <= 1, 20_000);
      const [owner] = started.filter(isRunning);
      expect(await waitFor('it answers', answering)).to.equal(owner?.pid);
      for (const other of started) if (other !== owner) expect(other.exitCode).to.equal(0);
      owner?.kill('SIGTERM');
      await waitFor('it ends', () => owner?.exitCode === 0);
      expect(existsSync(join(folder, 'socket')), 'its socket is removed').to.equal(false);
    }
  });

  it('follow one another: the next takes over the socket of one that was killed', async () => {
    const first = start();
    expect(await waitFor('it answers', answering, 20_000)).to.equal(first.pid);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(existsSync(join(folder, 'socket')), 'what was killed leaves its socket').to.equal(true);
    const second = start();
    expect(await waitFor('the next takes the socket over', answering, 20_000)).to.equal(second.pid);
  });

  it('end when their folder is removed, since no command could end them', async () => {
    const node = start();
    await waitFor('it answers', answering, 20_000);
    rmSync(folder, { recursive: true });
    await waitFor('it ends', () => node.exitCode === 0);
    expect(output).to.contain('its folder was deleted');
  });
});
