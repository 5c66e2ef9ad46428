import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { probeBus } from '#libs/bus/probe.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { certifyServer } from '#test/support/private-authority.js';

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

  it('is refused with a certificate of an authority that nobody named', async () => {
    const { certificateFile, keyFile } = await certifyServer(folder, '127.0.0.1');
    const secret = await startServer(`tls: { cert_file: "${certificateFile}", key_file: "${keyFile}" }`);
    expect(await connected(secret, 'tls:')).to.match(/unable to (verify|get)|self.signed/);
  });
});
