import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { HostNamespace, inside } from '#test/support/host-namespace.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { SHORT_CONNECTIONS } from '#test/support/short-connections.js';
import { snapshotOf } from '#test/support/snapshots.js';

/** Answers a word and ends when the client has ended; or ends first, after the word. */
const SERVER = `
const answer = (endsFirst) => (socket) => {
  socket.on('error', () => {});
  socket.on('data', (word) => (endsFirst ? socket.end(word) : socket.write(word)));
  socket.on('end', () => socket.end());
};
const { createServer } = require('node:net');
createServer({ allowHalfOpen: true }, answer(false)).listen(8080, '0.0.0.0', 1024);
createServer({ allowHalfOpen: true }, answer(true)).listen(9090, '0.0.0.0', 1024);
`;
const FIRST_PORT = 40_000;
const PORTS = 500;
const PARTS = 20;

const narrow = (namespace: string, ports: number) =>
  inside(namespace, 'sysctl', '-qw', `net.ipv4.ip_local_port_range=${FIRST_PORT} ${FIRST_PORT + ports - 1}`);

describe('the source ports of a host', function () {
  this.timeout(60_000);
  let rig: NetnsRig;

  before(async () => {
    rig = await NetnsRig.start(['sbx-web', 'sbx-api'], {}, (host) => narrow(host.name, PORTS));
    rig.serve('sbx-api', SERVER);
    await rig.plane.publish(
      rig.agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080, 9090] } },
        allow: ['sandbox:sbx-web api 8080', 'sandbox:sbx-web api 9090'],
      }),
    );
    await rig.plane.acknowledgement(1);
  });

  after(() => rig?.close());

  async function connections(port: number, count: number, ends: 'first' | 'last') {
    const proxy = (await rig.in('sbx-web', 'dig', '+short', '+tries=1', 'api.dev.gstacks')).output.trim();
    const args = [proxy, port, count, PARTS, ends].map(String);
    const { code, output } = await rig.in('sbx-web', process.execPath, '-e', SHORT_CONNECTIONS, ...args);
    expect(code, output).to.equal(0);
    const made: { readonly errors: object; readonly rates: readonly number[] } = JSON.parse(output);
    return made;
  }

  it(`last for ten times as many short connections as one address has ports, at the speed of the first`, async () => {
    const { errors, rates } = await connections(8080, PORTS * 10, 'first');
    expect(errors).to.deep.equal({});
    // The best part of either half, because other work on this machine slows single parts.
    const best = (part: readonly number[]) => Math.max(...part);
    expect(best(rates.slice(PARTS / 2)), rates.join()).to.be.at.least(best(rates.slice(0, PARTS / 2)) * 0.8);
    // The kernel does not give a port that is bound at any address to a connect that binds none.
    const own = [rig.address('sbx-api'), 8080, 100, 1, 'first'].map(String);
    const { output } = await rig.inHost(process.execPath, '-e', SHORT_CONNECTIONS, ...own);
    expect(JSON.parse(output).errors, "the host's own connections").to.deep.equal({});
  });

  it('of a client may be used again at once, also where the server ends the connections first', async () => {
    await narrow(rig.namespaceOf('sbx-web'), PORTS / 5);
    expect((await connections(9090, PORTS * 4, 'last')).errors).to.deep.equal({});
  });
});

describe('a dial without a free source port', () => {
  let host: HostNamespace;
  before(async () => {
    host = await HostNamespace.make();
    await narrow(host.name, 20);
  });
  after(() => host?.remove());

  const rows: readonly (readonly [string, 'loopback' | 'uplink', readonly string[], number])[] = [
    ['from the one address of the host', 'loopback', [], 20],
    ['from two addresses', 'loopback', ['127.77.0.8', '127.77.0.9'], 40],
    ['from an address that the host has not any more', 'uplink', ['10.99.0.1'], 20],
  ];
  for (const [what, target, sources, most] of rows) {
    it(`${what} fails with a code of its own and what to do, after ${most} connections`, async () => {
      const address = target === 'loopback' ? '127.0.0.1' : host.address;
      const module = pathToFileURL(join(CLONE, 'dist/libs/data-plane/flows/dial.js')).href;
      const script = `
import { createServer } from 'node:net';
import { once } from 'node:events';
const { createDial } = await import('${module}');
await once(createServer((socket) => socket.resume()).listen(7777, '${address}'), 'listening');
const dial = createDial([], ${JSON.stringify(sources)});
let taken = 0;
try {
  for (; taken < 100; taken += 1) await dial('${address}', 7777, new AbortController().signal);
} catch ({ code, remedy }) {
  console.log(JSON.stringify({ taken, code, remedy }));
}
process.exit();
`;
      const { output } = await inside(host.name, process.execPath, '--input-type=module', '-e', script);
      const { taken, code, remedy } = JSON.parse(output);
      expect({ taken, code }).to.deep.equal({ taken: most, code: 'SOURCE_PORTS_EXHAUSTED' });
      expect(remedy).to.contain('ip_local_port_range').and.contain('GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
    });
  }
});
