import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeAddressBlock } from '#apps/all-in-one/address-block.js';
import { PidFiles } from '#apps/all-in-one/pid-files.js';
import { requireFreePort } from '#apps/all-in-one/port-owner.js';
import type { ProcessSpec } from '#apps/all-in-one/process-spec.js';
import { SupervisedProcess } from '#apps/all-in-one/supervised-process.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';

describe('supervision', () => {
  let folder: string;
  let pidFiles: PidFiles;
  const said: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-supervision-'));
    pidFiles = new PidFiles(join(folder, 'run'));
    said.length = 0;
  });

  afterEach(async () => {
    await pidFiles.endOrphans();
    rmSync(folder, { recursive: true, force: true });
  });

  function supervised(
    name: string,
    script: string,
    isReady: ProcessSpec['isReady'] = async () => true,
    log = join(folder, `${name}.log`),
  ): SupervisedProcess {
    const spec: ProcessSpec = {
      name,
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env.PATH ?? '' },
      stopSignal: 'SIGTERM',
      isReady,
    };
    return new SupervisedProcess(spec, log, pidFiles, (line) => said.push(line));
  }

  const pid = (name: string): number => Number(readFileSync(join(folder, 'run', `${name}.pid`), 'utf8'));

  it('starts a process that was killed again, under another pid, and says so', async () => {
    const server = supervised('server', 'setInterval(() => {}, 1000)');
    await server.start();
    const first = pid('server');
    process.kill(first, 'SIGKILL');
    await waitFor('another process', () => existsSync(join(folder, 'run', 'server.pid')) && pid('server') !== first);
    expect(said.join('\n')).to.match(/server ended \(SIGKILL\); starting it again in \d+ ms/);
    await server.stop();
    expect(pidFiles.alive('server')).to.equal(null);
  });

  it('waits longer before each start of one that keeps ending', async () => {
    const server = supervised('server', 'process.exit(3)', async () => false);
    server.start().catch(() => {});
    await waitFor('three starts', () => said.length >= 3);
    await server.stop();
    const pauses = said.map((line) => Number(/in (\d+) ms/.exec(line)?.[1]));
    expect(pauses.slice(0, 3)).to.deep.equal([200, 400, 800]);
    expect(said[0]).to.contain('exit code 3').and.to.contain('server.log');
  });

  it('outlives a log that cannot be written, says so once, and goes on reading what is printed', async () => {
    const file = join(folder, 'printed');
    // More than a pipe holds.
    const script = `
      const { writeSync, writeFileSync } = require('node:fs');
      for (let line = 0; line < 1000; line += 1) writeSync(1, 'x'.repeat(1000) + '\\n');
      writeFileSync(${JSON.stringify(file)}, '');
      setInterval(() => {}, 1000);`;
    const server = supervised('server', script, async () => existsSync(file), '/dev/full');
    await server.start();
    await server.stop();
    expect(said.join('\n')).to.match(/^server: \/dev\/full cannot be written, .*ENOSPC[^\n]*$/);
  });

  it('outlives what is printed after the end of one, by a child of its own', async () => {
    const late = "setInterval(() => console.log('late', process.pid), 1)";
    const script = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(late)}], { stdio: 'inherit', detached: true }); setInterval(() => {}, 1000)`;
    const server = supervised('server', script);
    await server.start();
    const log = join(folder, 'server.log');
    const child = await waitFor('the child prints', () => /late (\d+)\n/.exec(readFileSync(log, 'utf8'))?.[1]);
    await server.stop();
    // It has printed into the pipe that nobody reads any more, and has ended by that.
    await waitFor('the child has ended', () => !existsSync(`/proc/${child}`));
    expect(said).to.deep.equal([]);
  });

  it('ends one that does not listen to the request to end', async () => {
    const server = supervised(
      'server',
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
    );
    await server.start();
    await waitFor('it ignores the signal', () => readFileSync(join(folder, 'server.log'), 'utf8').includes('up'));
    await server.stop();
    expect(pidFiles.alive('server')).to.equal(null);
  }).timeout(10_000);

  it('ends what a killed parent left behind, and nobody else who was given its number', async () => {
    const orphan: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const bystander: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await Promise.all([once(orphan, 'spawn'), once(bystander, 'spawn')]);
      pidFiles.write('orphan', orphan.pid ?? 0);
      pidFiles.write('bystander', bystander.pid ?? 0);
      writeFileSync(join(folder, 'run', 'bystander.began'), '1\n');
      const ended = once(orphan, 'exit');
      expect(await pidFiles.endOrphans()).to.deep.equal(['orphan']);
      await ended;
      expect(bystander.exitCode).to.equal(null);
      expect(bystander.signalCode).to.equal(null);
    } finally {
      bystander.kill('SIGKILL');
      orphan.kill('SIGKILL');
    }
  });

  it('names a busy port and its owner', async () => {
    const port = await freePort();
    const owner = createServer().listen(port, '127.0.0.1');
    await once(owner, 'listening');
    const error = await requireFreePort('127.0.0.1', port, 'free it').then(
      () => null,
      (refused: unknown) => refused,
    );
    owner.close();
    expect(error).to.have.property('code', 'PORT_BUSY');
    expect(String(error)).to.contain(`127.0.0.1:${port}`).and.to.contain(`(pid ${process.pid})`);
  });

  it('gives two stacks different addresses, and the first its own again', async () => {
    const first = await takeAddressBlock(40);
    const second = await takeAddressBlock(40);
    expect(second.index).to.not.equal(first.index);
    expect(second.proxyRanges).to.not.deep.equal(first.proxyRanges);
    first.release();
    await waitFor('the first block is free', async () => {
      const again = await takeAddressBlock(40);
      again.release();
      return again.index === first.index;
    });
    second.release();
  });
});
