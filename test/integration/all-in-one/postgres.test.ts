import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { preparePostgres } from '#apps/all-in-one/postgres.js';
import { PostgresUnavailableError } from '#apps/all-in-one/postgres-binaries.js';
import { type RunningPostgres, startPostgres } from '#apps/all-in-one/running-postgres.js';
import { freePort } from '#test/support/ports.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

describe('the embedded Postgres', function () {
  this.timeout(60_000);
  let folder: string;
  let port: number;
  let running: RunningPostgres | null;
  const settings = () => ({ dataFolder: join(folder, 'data'), passwordFile: join(folder, 'password'), port });

  async function start(): Promise<RunningPostgres> {
    running = await startPostgres(settings());
    return running;
  }

  beforeEach(async () => {
    // As mkdtemp creates it: nobody else may enter, not even the user that Postgres runs as.
    folder = mkdtempSync(join(tmpdir(), 'gs-embedded-'));
    port = await freePort();
    running = null;
  });

  afterEach(async () => {
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps its data and its password over a restart, and never runs as root', async () => {
    const first = await start();
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${first.pid()}/status`, 'utf8'))?.[1];
    expect(Number(uid)).not.to.equal(0);
    expect(statSync(join(folder, 'password')).mode & 0o777).to.equal(0o600);
    await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(second.url('postgres')).to.equal(first.url('postgres'));
    expect(await query(second.url('postgres'), 'SELECT answer FROM kept')).to.deep.equal([{ answer: 42 }]);
    const password = new URL(second.url('postgres')).password;
    expect(readFileSync(`/proc/${second.pid()}/cmdline`, 'utf8')).not.to.contain(password);
  });

  it('ends the server that a killed parent left behind', async () => {
    const prepared = await preparePostgres(settings());
    const { command, args, env, user } = prepared;
    const orphan = spawn(command, [...args], { env, cwd: '/', stdio: 'ignore', detached: true, ...user });
    const ended = once(orphan, 'exit');
    await waitFor('the orphan serves', () => prepared.isReady(), 20_000);
    const server = await start();
    await ended;
    expect(server.pid()).not.to.equal(orphan.pid);
  });

  it('starts beside a pid file that names another program, and lets that program be', async () => {
    await (await start()).stop();
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'data', 'postmaster.pid'), `${bystander.pid}\n`);
    await start();
    expect(bystander.exitCode ?? bystander.signalCode).to.equal(null);
    bystander.kill();
  });

  for (const [what, pidFile] of [
    ['an empty', ''],
    ['a garbled', '\u0000 no pid\n'],
  ] as const) {
    it(`starts beside ${what} pid file, and ends a server that is still there`, async () => {
      await (await start()).stop();
      writeFileSync(join(folder, 'data', 'postmaster.pid'), pidFile);
      const prepared = await preparePostgres(settings());
      const { command, args, env, user } = prepared;
      const orphan = spawn(command, [...args], { env, cwd: '/', stdio: 'ignore', detached: true, ...user });
      const ended = once(orphan, 'exit');
      await waitFor('the orphan serves', () => prepared.isReady(), 20_000);
      writeFileSync(join(folder, 'data', 'postmaster.pid'), pidFile);
      await start();
      await ended;
    });
  }

  for (const [what, damage] of [
    ['gone', rmSync],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['garbled', (file: string) => writeFileSync(file, '\u0000 no password\n')],
  ] as const) {
    it(`sets another password where the file of it is ${what}, with the database as it was`, async () => {
      const server = await start();
      await query(server.url('postgres'), 'CREATE TABLE kept AS SELECT 42 AS answer');
      await server.stop();
      damage(join(folder, 'password'));
      const again = await start();
      expect(again.url('postgres')).to.not.equal(server.url('postgres'));
      expect(await query(again.url('postgres'), 'SELECT answer FROM kept')).to.deep.equal([{ answer: 42 }]);
      expect(statSync(join(folder, 'password')).mode & 0o777).to.equal(0o600);
    });
  }

  it('names the file of the password when it cannot be read, and what to do', async () => {
    // Root may read every file.
    mkdirSync(join(folder, 'password'));
    const error: unknown = await preparePostgres(settings()).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'POSTGRES_PASSWORD_UNREADABLE' });
    expect(String(error)).to.contain(join(folder, 'password'));
  });

  it("says so when the file holds another database's password", async () => {
    await (await start()).stop();
    writeFileSync(join(folder, 'password'), 'x'.repeat(32));
    const error = await start().catch((refusal: unknown) => refusal);
    expect(error).to.deep.include({ code: 'POSTGRES_PASSWORD_INVALID' });
    expect(error).to.have.property('message').that.contains(join(folder, 'password'));
  });

  it('makes no new database where PG_VERSION is missing beside other files, and names the file', async () => {
    await (await start()).stop();
    rmSync(join(folder, 'data', 'PG_VERSION'));
    const error = await start().catch((refusal: unknown) => refusal);
    expect(error).to.deep.include({ code: 'POSTGRES_DATA_INVALID' });
    expect(error)
      .to.have.property('message')
      .that.contains(join(folder, 'data', 'PG_VERSION'));
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['does not hold a version of Postgres', '\u0000 {garbled\n'],
  ] as const) {
    it(`names PG_VERSION when it ${what}`, async () => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data', 'PG_VERSION'), text);
      const error: unknown = await preparePostgres(settings()).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'POSTGRES_DATA_INVALID' });
      expect(String(error)).to.contain(`${join(folder, 'data', 'PG_VERSION')} ${what}`);
    });
  }

  it('begins again where an initialisation was interrupted', async () => {
    mkdirSync(join(folder, 'data.new'));
    writeFileSync(join(folder, 'data.new', 'PG_VERSION'), '18\n');
    const server = await start();
    expect(await query(server.url('postgres'), 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
  });

  it('serves again after a crash, with what was committed', async () => {
    const server = await start();
    await query(server.url('postgres'), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.kill();
    await server.start();
    expect(await query(server.url('postgres'), 'SELECT answer FROM kept')).to.deep.equal([{ answer: 42 }]);
  });

  it('says why it does not start', async () => {
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const error = await start().catch((refusal: unknown) => refusal);
    holder.close();
    expect(error).to.be.instanceOf(PostgresUnavailableError).and.have.property('message').that.contains(String(port));
  });
});
