import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LockUnusableError, takeLock } from '#libs/program/lock.js';
import { CLONE } from '#test/support/clone.js';
import { stopProcesses } from '#test/support/stopped.js';

interface Answer {
  readonly kind: string;
  readonly pid?: number | null;
}

const CONTENDERS = 4;
const ROUNDS = 20;
/** Time for all processes that are to try at one moment to get the message. */
const AHEAD_MS = 15;

/** A process that takes the lock on request. */
class Taker {
  private constructor(readonly child: ChildProcess) {}

  static async start(): Promise<Taker> {
    const child = fork(join(CLONE, 'dist/test/programs/lock-taker.js'), { execArgv: ['--expose-gc'] });
    const taker = new Taker(child);
    await taker.answer();
    return taker;
  }

  async ask(kind: 'take' | 'release' | 'collect', name: string, atMs = 0): Promise<Answer> {
    const answer = this.answer();
    this.child.send({ kind, name, atMs });
    return answer;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  private async answer(): Promise<Answer> {
    const [answer]: Answer[] = await once(this.child, 'message');
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }
}

describe('a lock', function () {
  this.timeout(60_000);
  let folder: string;
  let name: string;
  let takers: Taker[];

  before(async () => {
    takers = await Promise.all(Array.from({ length: CONTENDERS }, () => Taker.start()));
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-lock-'));
    name = join(folder, 'node');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(async () => {
    for (const taker of takers) await taker.kill('SIGKILL');
  });

  it(`goes to one of ${CONTENDERS} processes that try at the same moment, each of ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const atMs = Date.now() + AHEAD_MS;
      const answers = await Promise.all(takers.map((taker) => taker.ask('take', name, atMs)));
      const winners = takers.filter((_, index) => answers[index]?.kind === 'taken');
      expect(winners, `round ${round}: ${JSON.stringify(answers)}`).to.have.length(1);
      // A process that is not recorded yet is not known.
      for (const { kind, pid } of answers) if (kind === 'held') expect([winners[0]?.child.pid, null]).to.include(pid);
      await winners[0]?.ask('release', name);
    }
  });

  it('is free as soon as its process is killed, and not while that is stopped or collects garbage', async () => {
    const holder = await Taker.start();
    try {
      expect(await holder.ask('take', name)).to.deep.equal({ kind: 'taken' });
      await holder.ask('collect', name);
      expect(takeLock(name)).to.deep.equal({ kind: 'held', pid: holder.child.pid });
      if (holder.child.pid !== undefined) await stopProcesses(holder.child.pid);
      expect(takeLock(name)).to.deep.equal({ kind: 'held', pid: holder.child.pid });
    } finally {
      await holder.kill('SIGKILL');
    }
    const attempt = takeLock(name);
    expect(attempt.kind).to.equal('taken');
    expect(readFileSync(`${name}.pid`, 'utf8')).to.equal(`${process.pid}\n`);
    if (attempt.kind === 'taken') attempt.lock.release();
    expect(statSync(`${name}.pid`, { throwIfNoEntry: false }), 'nobody is named as its owner').to.equal(undefined);
  });

  it('is taken once also within a process, and is for its user alone', async () => {
    const first = takeLock(name);
    try {
      expect(takeLock(name)).to.deep.equal({ kind: 'held', pid: process.pid });
      const other = await takers[0]?.ask('take', name);
      expect(other, 'the attempt did not let go of what is held').to.deep.equal({ kind: 'held', pid: process.pid });
      expect(statSync(`${name}.lock`).mode & 0o777).to.equal(0o600);
    } finally {
      if (first.kind === 'taken') first.lock.release();
    }
  });

  it('says when its file was removed, and leaves what another owner wrote', async () => {
    const first = takeLock(name);
    if (first.kind !== 'taken') throw new Error('it is held');
    expect(first.lock.isInPlace()).to.equal(true);
    rmSync(folder, { recursive: true });
    expect(first.lock.isInPlace()).to.equal(false);
    mkdirSync(folder);
    const [other] = takers;
    expect(await other?.ask('take', name)).to.deep.equal({ kind: 'taken' });
    first.lock.release();
    expect(readFileSync(`${name}.pid`, 'utf8')).to.equal(`${other?.child.pid}\n`);
    await other?.ask('release', name);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['is garbled', 'x'.repeat(5_000)],
    ['is of another program', '4242\n'],
  ] as const) {
    it(`is taken where its file ${what}`, () => {
      writeFileSync(`${name}.lock`, text);
      const attempt = takeLock(name);
      expect(attempt.kind).to.equal('taken');
      expect(takeLock(name).kind).to.equal('held');
      if (attempt.kind === 'taken') attempt.lock.release();
    });
  }

  it('names its file where that cannot be used', () => {
    mkdirSync(`${name}.lock`);
    expect(() => takeLock(name))
      .to.throw(LockUnusableError, `${name}.lock cannot be locked`)
      .with.property('code', 'LOCK_UNUSABLE');
    expect(() => takeLock(join(folder, 'no', 'folder'))).to.throw(LockUnusableError);
  });
});
