import { join } from 'node:path';
import { expect } from 'chai';
import { readSettings, SettingInvalidError } from '#apps/control-plane/foundation/settings.js';
import { CLONE } from '#test/support/clone.js';

const least = {
  GLOBALSTACKS_DATABASE_URL: 'postgres://localhost/gs',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/keys',
};

describe('settings of the control plane', () => {
  it('need a database, a bus and a folder for keys', () => {
    const settings = readSettings(least);
    expect(settings).to.deep.include({
      listen: [{ host: '127.0.0.1', port: 7080 }],
      busServers: ['nats://127.0.0.1:4222'],
      busAdvertised: ['nats://127.0.0.1:4222'],
      credentialSeconds: 3_600,
      enrollmentTokenSeconds: 900,
      sessionSeconds: 43_200,
      consoleFolder: join(CLONE, 'dist/console'),
      eventStreams: 1_000,
      memberBounds: { messagesPerSecond: 50, bytesPerSecond: 2_097_152, networks: 1_000, sandboxes: 2_000 },
    });
  });

  it('take several addresses to listen on, IPv6 too', () => {
    const { listen } = readSettings({ ...least, GLOBALSTACKS_HTTP_LISTEN: '127.0.0.1:7080, [::1]:0' });
    expect(listen).to.deep.equal([
      { host: '127.0.0.1', port: 7080 },
      { host: '::1', port: 0 },
    ]);
  });

  it('take proxies to be trusted as addresses and networks', () => {
    const { trustedProxies } = readSettings({ ...least, GLOBALSTACKS_TRUSTED_PROXIES: '10.0.0.7, fd00::/8' });
    expect(trustedProxies).to.deep.equal(['10.0.0.7', 'fd00::/8']);
    expect(readSettings(least).trustedProxies).to.deep.equal([]);
  });

  const bad: readonly (readonly [string, string | undefined])[] = [
    ['GLOBALSTACKS_DATABASE_URL', undefined],
    ['GLOBALSTACKS_NATS_URL', ' '],
    ['GLOBALSTACKS_KEYS_DIR', ''],
    ['GLOBALSTACKS_HTTP_LISTEN', '7080'],
    ['GLOBALSTACKS_HTTP_LISTEN', '127.0.0.1:70800'],
    ['GLOBALSTACKS_CREDENTIAL_SECONDS', 'soon'],
    ['GLOBALSTACKS_CREDENTIAL_SECONDS', '0'],
    ['GLOBALSTACKS_SESSION_SECONDS', '59'],
    ['GLOBALSTACKS_EVENT_STREAMS', '0'],
    ['GLOBALSTACKS_MEMBER_MESSAGES_PER_SECOND', '0'],
    ['GLOBALSTACKS_MEMBER_KILOBYTES_PER_SECOND', '15'],
    ['GLOBALSTACKS_MEMBER_NETWORKS', '10001'],
    ['GLOBALSTACKS_MEMBER_SANDBOXES', 'all'],
    ['GLOBALSTACKS_TRUSTED_PROXIES', 'proxy.example.com'],
    ['GLOBALSTACKS_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['GLOBALSTACKS_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['GLOBALSTACKS_TRUSTED_PROXIES', '10.0.0.1/8/8'],
  ];
  for (const [name, value] of bad) {
    it(`refuse ${name} as ${JSON.stringify(value)}, and name it`, () => {
      expect(() => readSettings({ ...least, [name]: value }))
        .to.throw(SettingInvalidError)
        .with.property('message')
        .that.includes(name);
    });
  }
});
