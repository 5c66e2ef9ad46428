import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectBus } from '#libs/bus/nats-bus.js';
import { probeBus } from '#libs/bus/probe.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freePort } from '#test/support/ports.js';
import { certifyServer } from '#test/support/private-authority.js';
import { waitFor } from '#test/support/wait.js';

describe('a bus whose address begins with tls://', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-bus-tls-'));
  const servers: TestNats[] = [];

  const startServer = async (configuration = ''): Promise<TestNats> => {
    const nats = await startNats({ configuration });
    servers.push(nats);
    return nats;
  };
  const connected = async ({ url, authority }: TestNats, scheme: string): Promise<string> => {
    const credentials = await authority.controlPlaneCredentials();
    return probeBus([url.replace('nats:', scheme)], credentials).then(
      () => 'connected',
      (error: Error) => error.message,
    );
  };

  after(async () => {
    await Promise.all(servers.map((nats) => nats.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('is not spoken to in the clear', async () => {
    const clear = await startServer();
    expect(await connected(clear, 'nats:')).to.equal('connected');
    expect(await connected(clear, 'tls:')).to.include('does not offer tls');
  });

  it('is refused with a certificate of an authority that nobody named, and says what to set', async () => {
    const { certificateFile, keyFile } = await certifyServer(folder, '127.0.0.1');
    const secret = await startServer(`tls: { cert_file: "${certificateFile}", key_file: "${keyFile}" }`);
    expect(await connected(secret, 'tls:')).to.match(
      /^the certificate of tls:\/\/127\.0\.0\.1:\d+ is not signed by an authority that this machine trusts \([A-Z_]+\)$/,
    );

    const credentials = await secret.authority.controlPlaneCredentials();
    const said: (string | null)[] = [];
    const bus = connectBus({
      ...{ servers: [secret.url.replace('nats:', 'tls:')], name: 'test', inboxPrefix: '_INBOX.test' },
      replyInbox: () => null,
      credentials: () => credentials,
      onStatus: (_, detail) => said.push(detail),
    });
    const fault = await waitFor('the bus says why', () => bus.fault() ?? false);
    await bus.close();
    expect(fault).to.include({ code: 'CERTIFICATE_NOT_TRUSTED' });
    expect(fault.remedy).to.include('GLOBALSTACKS_CA_FILE');
    expect(said[0]).to.include('is not signed by an authority').and.include('GLOBALSTACKS_CA_FILE');
  });

  it('that is not there is named', async () => {
    const address = `nats://127.0.0.1:${await freePort()}`;
    const bus = connectBus({
      ...{ servers: [address], name: 'test', inboxPrefix: '_INBOX.test' },
      replyInbox: () => null,
      credentials: () => ({ jwt: '', seed: '' }),
      onStatus: () => {},
    });
    const fault = await waitFor('the bus says why', () => bus.fault() ?? false);
    await bus.close();
    expect(fault).to.include({ code: 'BUS_NOT_CONNECTED' });
    expect(fault.message).to.include(address);
  });
});
