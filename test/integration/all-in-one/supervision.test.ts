import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeAddressBlock } from '#apps/all-in-one/address-block.js';
import { requireFreePort } from '#apps/all-in-one/free-ports.js';
import type { LogBounds } from '#apps/all-in-one/log-file.js';
import { PidFiles } from '#apps/all-in-one/pid-files.js';
import type { ProcessSpec } from '#apps/all-in-one/process-spec.js';
import { ProcessNotReadyError, SupervisedProcess } from '#apps/all-in-one/supervised-process.js';
import { faultOfLogLine } from '#test/support/log-lines.js';
import { freePort } from '#test/support/ports.js';
import { SmallDisk } from '#test/support/small-disk.js';
import { waitFor } from '#test/support/wait.js';

const ROOMY: LogBounds = { maxBytes: 1_048_576, files: 2 };

function specOf(name: string, script: string, isReady: ProcessSpec['isReady'] = async () => true): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: ['-e', script],
    env: { PATH: process.env.PATH ?? '' },
    stopSignal: 'SIGTERM',
    isReady,
  };
}

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
    isReady?: ProcessSpec['isReady'],
    log = join(folder, `${name}.log`),
    bounds = ROOMY,
  ): SupervisedProcess {
    return new SupervisedProcess(specOf(name, script, isReady), log, pidFiles, (line) => said.push(line), bounds);
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

  it('does not start a process again that says that it would end the same way, and tells its last words', async () => {
    const words = {
      level: 60,
      message: 'agent: revoked',
      reason: 'agent host-a was revoked by ada',
      remedy: 'enrol it',
    };
    const script = `console.log(${JSON.stringify(JSON.stringify(words))}); setTimeout(() => process.exit(2), 50)`;
    const spec = { ...specOf('agent', script), finalExitCode: 2 };
    const agent = new SupervisedProcess(spec, join(folder, 'agent.log'), pidFiles, (line) => said.push(line), ROOMY);
    await agent.start();
    await waitFor('it has ended for good', () => agent.failure !== null);
    expect(said).to.deep.equal([
      'agent cannot run: agent host-a was revoked by ada (exit code 2; not started again)',
      '  try: enrol it',
    ]);
    await agent.stop();
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

  it('starts once, for a start, a process that tells what a person has to do first', async () => {
    const fatal = { level: 60, err: { message: '/keys/one.seed is empty' }, remedy: 'put the file back' };
    const script = `console.log(${JSON.stringify(JSON.stringify(fatal))}); process.exit(1)`;
    const server = supervised('server', script, async () => false);
    const began = performance.now();
    const error: unknown = await server.start().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ProcessNotReadyError);
    expect(error).to.include({ message: 'server cannot run: /keys/one.seed is empty', remedy: 'put the file back' });
    expect(performance.now() - began).to.be.lessThan(4_000);
    await server.stop();
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

  it('outlives a full disk: starts what it is to start, and says what is not written and how much was lost', async () => {
    const disk = new SmallDisk(join(folder, 'disk'), 64);
    const isSaid = (what: RegExp) => () => said.some((line) => what.test(line));
    try {
      const run = new PidFiles(join(disk.folder, 'run'));
      const log = join(disk.folder, 'server.log');
      const spec = specOf('server', "let line = 0; setInterval(() => console.log('line', (line += 1)), 2)");
      const server = new SupervisedProcess(spec, log, run, (line) => said.push(line), ROOMY);
      disk.fill();
      await server.start();
      await waitFor(
        'the pid',
        isSaid(/^server: its pid \d+ could not be saved: \S+server.pid cannot be written: no space/),
      );
      await waitFor('the log', isSaid(/^server: \S+server.log cannot be written.*ENOSPC/));
      disk.free();
      await waitFor(
        'the log is written again',
        isSaid(/^server: \S+server.log is written again, \d+ lines were dropped$/),
      );
      await server.stop();
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
      expect(lines.map(faultOfLogLine).filter((fault) => fault !== null)).to.deep.equal([]);
      expect(lines.filter((line) => /\d+ lines were dropped/.test(line))).to.have.length(1);
      expect(said).to.have.length(3);
    } finally {
      disk.unmount();
    }
  });

  it('keeps logs within their bounds: whole lines, and none of them lost between two files', async () => {
    const bounds = { maxBytes: 20_000, files: 4 };
    const file = join(folder, 'printed');
    // In pieces with arbitrary boundaries, faster than any real log.
    const script = `
      const { writeSync, writeFileSync } = require('node:fs');
      const text = Array.from({ length: 5000 }, (_, line) => 'line ' + line + '\\n').join('');
      for (let at = 0; at < text.length; at += 777) writeSync(1, text.slice(at, at + 777));
      writeFileSync(${JSON.stringify(file)}, '');
      setInterval(() => {}, 1000);`;
    const log = join(folder, 'server.log');
    const server = supervised('server', script, async () => existsSync(file), log, bounds);
    await server.start();
    await waitFor('the last line is logged', () => readFileSync(log, 'utf8').includes('line 4999"'));
    await server.stop();
    const files = readdirSync(folder).filter((name) => name.startsWith('server.log'));
    expect(files.sort()).to.deep.equal(['server.log', 'server.log.1', 'server.log.2', 'server.log.3']);
    for (const name of files) expect(statSync(join(folder, name)).size, name).to.be.within(1, bounds.maxBytes);
    const lines = files.toReversed().flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
    expect(lines.map(faultOfLogLine).filter((fault) => fault !== null)).to.deep.equal([]);
    const numbers = lines.map((line) => Number(/line (\d+)"/.exec(line)?.[1]));
    expect(numbers).to.deep.equal(numbers.map((_, index) => 5_000 - numbers.length + index));
    // Nothing that would have fitted is missing.
    expect(lines.join('\n').length).to.be.greaterThan(2.5 * bounds.maxBytes);
  });

  it('outlives what is printed after the end of one, by a child of its own', async () => {
    const late = "setInterval(() => console.log('late', process.pid), 1)";
    const script = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(late)}], { stdio: 'inherit', detached: true }); setInterval(() => {}, 1000)`;
    const server = supervised('server', script);
    await server.start();
    const log = join(folder, 'server.log');
    const child = await waitFor('the child prints', () => /late (\d+)"/.exec(readFileSync(log, 'utf8'))?.[1]);
    await server.stop();
    // It wrote to the pipe that nobody reads any more, and was ended by that.
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
