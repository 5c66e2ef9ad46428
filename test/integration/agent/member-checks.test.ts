import { createServer } from 'node:net';
import { expect } from 'chai';
import { examineMesh } from '#apps/agent/commands/member-checks.js';
import { parseAgentSettings } from '#apps/agent/settings.js';
import { freePort } from '#test/support/ports.js';

/** An address of documentation (RFC 5737), which no host has. */
const NOBODYS = '192.0.2.1';
const HERE = 'http://127.0.0.1:7080';
const AWAY = 'http://10.99.0.1:7080';

describe('what globalstacks-agent doctor finds of the mesh', () => {
  const listener = createServer();
  let free = 0;
  let taken = 0;
  before(async () => {
    free = await freePort();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    taken = typeof address === 'object' && address !== null ? address.port : 0;
  });
  after(() => void listener.close());

  const listen = (host: string, port = free) => ({ GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host}:${port}` });
  const advertise = (host: string) => ({ GLOBALSTACKS_MESH_DIRECT_ADVERTISE: `${host}:${free}` });
  const direct = { GLOBALSTACKS_MESH_TRANSPORT: 'direct' };
  const rows: readonly (readonly [string, string, () => object, string, RegExp])[] = [
    ['no transport is set, and none was offered', AWAY, () => ({}), 'fail', /GLOBALSTACKS_MESH_TRANSPORT=direct/],
    ['all on this machine', HERE, () => ({ ...direct, ...listen('127.0.0.1') }), 'pass', /is free/],
    ['every address of this host', HERE, () => ({ ...direct, ...listen('0.0.0.0') }), 'pass', /is free/],
    [
      'a listener that only this host reaches',
      AWAY,
      () => ({ ...direct, ...listen('127.0.0.1') }),
      'fail',
      /set GLOBALSTACKS_MESH_DIRECT_ADVERTISE/,
    ],
    [
      'peers are told an address of this host alone',
      AWAY,
      () => ({ ...direct, ...listen('0.0.0.0'), ...advertise('127.0.0.1') }),
      'fail',
      /127\.0\.0\.1, at which each of them reaches itself.*set GLOBALSTACKS_MESH_DIRECT_ADVERTISE/,
    ],
    [
      'peers are told no address',
      AWAY,
      () => ({ ...direct, ...listen('0.0.0.0'), ...advertise('0.0.0.0') }),
      'fail',
      /0\.0\.0\.0, which is not the address of a host.*set GLOBALSTACKS_MESH_DIRECT_ADVERTISE/,
    ],
    [
      'a port that another process has',
      HERE,
      () => ({ ...direct, ...listen('127.0.0.1', taken) }),
      'fail',
      /is in use by .*set GLOBALSTACKS_MESH_DIRECT_LISTEN/,
    ],
    [
      'an address that another host has',
      AWAY,
      () => ({ ...direct, ...listen(NOBODYS), ...advertise('10.99.0.2') }),
      'fail',
      /is not an address of this host.*set GLOBALSTACKS_MESH_DIRECT_LISTEN/,
    ],
  ];
  const find = (controlPlane: string, settings: object, isRunning = false) =>
    examineMesh(
      parseAgentSettings({
        ...{ GLOBALSTACKS_AGENT_NAME: 'host-a', GLOBALSTACKS_AGENT_DRIVER: 'docker' },
        ...{ GLOBALSTACKS_AGENT_STATE_DIR: '/nowhere', GLOBALSTACKS_CONTROL_PLANE_URL: controlPlane },
        ...settings,
      }),
      { credentials: null, isRunning },
    );

  for (const [what, controlPlane, settings, status, words] of rows) {
    it(`${status}: ${what}`, async () => {
      const found = await find(controlPlane, settings());
      expect(found.status, found.evidence).to.equal(status);
      expect(`${found.evidence}; ${found.remedy}`).to.match(words);
    });
  }

  it('skipped: the port that the running agent listens on itself', async () => {
    const found = await find(HERE, { ...direct, ...listen('127.0.0.1', taken) }, true);
    expect(found.status, found.evidence).to.equal('skipped');
  });
});
