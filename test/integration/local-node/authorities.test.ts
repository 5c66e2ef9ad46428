import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freePort } from '#test/support/ports.js';
import { freshDatabase } from '#test/support/postgres.js';
import { certifyServer } from '#test/support/private-authority.js';
import { programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';
import { Gstacks } from '../cli/gstacks.js';
import { callApi } from '../control-plane/api.js';

/** A control plane and a bus whose certificate is of a private authority. */
describe('gstacks mesh join on a machine that does not know the authority of the bus', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-authorities-'));
  const token = 'a-token-of-the-first-admin-for-this-test';
  let nats: TestNats;
  let controlPlane: ChildProcess;
  let gstacks: Gstacks;
  let url: string;
  let caFile: string;

  before(async function () {
    this.timeout(300_000);
    const certificate = await certifyServer(folder, '127.0.0.1');
    caFile = certificate.caFile;
    const tls = `tls: { cert_file: "${certificate.certificateFile}", key_file: "${certificate.keyFile}" }`;
    const [database, port] = await Promise.all([freshDatabase(), freePort()]);
    nats = await startNats({ configuration: tls });
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
    url = `http://127.0.0.1:${port}`;
    controlPlane = spawn(process.execPath, [programFile('control-plane')], {
      stdio: 'ignore',
      env: {
        GLOBALSTACKS_DATABASE_URL: database,
        GLOBALSTACKS_NATS_URL: nats.url.replace('nats:', 'tls:'),
        GLOBALSTACKS_KEYS_DIR: nats.keysFolder,
        GLOBALSTACKS_HTTP_LISTEN: `127.0.0.1:${port}`,
        GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE: join(folder, 'token'),
        GLOBALSTACKS_MESH_TRANSPORT: 'direct',
        GLOBALSTACKS_CA_FILE: caFile,
      },
    });
    gstacks = await Gstacks.create();
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('the control plane is ready', isReady, 30_000);
    await callApi(url, 'POST', '/v1/networks', { name: 'dev' }, { authorization: `Bearer ${token}` });
  });
  after(async () => {
    await gstacks?.run(['mesh', 'leave', 'dev'], { env: env() });
    await gstacks?.remove();
    if (controlPlane?.exitCode === null) {
      const ended = once(controlPlane, 'exit');
      controlPlane.kill();
      await ended;
    }
    await nats?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = (more: Readonly<Record<string, string>> = {}) => ({
    GLOBALSTACKS_URL: url,
    GLOBALSTACKS_TOKEN: token,
    ...more,
  });
  const joined = (more: Readonly<Record<string, string>> = {}) =>
    gstacks.run(['mesh', 'join', 'dev', '--json'], { env: env(more) });
  const statusOf = async () => {
    const { stdout } = await gstacks.run(['mesh', 'status', '--json'], { env: env() });
    const { pid, networks } = JSON.parse(stdout);
    return { pid, ...networks[0] };
  };

  it('names the certificate and the variable', async () => {
    const { exitCode, stdout } = await joined();
    expect(exitCode).to.equal(4);
    expect(JSON.parse(stdout)).to.include({ code: 'CERTIFICATE_NOT_TRUSTED' });
    const status = await statusOf();
    expect(status.message).to.match(/^the certificate of tls:\/\/127\.0\.0\.1:\d+ is not signed by an authority/);
    expect(status.remedy).to.include('GLOBALSTACKS_CA_FILE').and.include('gstacks mesh join dev');
  });

  it('refuses a file that holds no authority', async () => {
    writeFileSync(join(folder, 'empty.pem'), 'nothing');
    const { exitCode, stdout, stderr } = await joined({ GLOBALSTACKS_CA_FILE: join(folder, 'empty.pem') });
    expect(exitCode).to.not.equal(0);
    expect(stdout + stderr).to.include('AUTHORITIES_UNUSABLE');
  });

  it('joins with the same background node once the next join names the authority', async () => {
    const before = await statusOf();
    const { exitCode, stdout } = await joined({ GLOBALSTACKS_CA_FILE: caFile });
    expect(exitCode, stdout).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ bus: 'connected', code: null });
    expect((await statusOf()).pid).to.equal(before.pid);
  });
});
