import { expect } from 'chai';
import { inside, ip } from '#test/support/host-namespace.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const FREED_WITHIN_MS = 60_000;

/** Keeps each connection open; on request it streams a few bytes every tenth of a second. */
const SERVER = `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (word) => {
    if (String(word) === 'stream') setInterval(() => socket.writable && socket.write('.'.repeat(100)), 100);
  });
}).listen(8080, '0.0.0.0')`;

/** Two connections that stay open: an idle one, and one that receives or sends a stream. */
const CLIENT = (address: string, streams: 'gets' | 'sends' | 'nothing') => `
const open = (word, every) => {
  const socket = require('node:net').connect({ host: '${address}', port: 8080 });
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('connect', () => {
    socket.write(word);
    if (every) setInterval(() => socket.writable && socket.write(word), 100);
  });
};
open('idle', false);
if ('${streams}' !== 'nothing') open('${streams}' === 'gets' ? 'stream' : 'word', '${streams}' === 'sends');
`;

const CLIENTS = ['sbx-deleted', 'sbx-down', 'sbx-deaf'];

describe('flows of a sandbox that vanishes', function () {
  this.timeout(120_000);
  let rig: NetnsRig;

  before(async () => {
    const all = ['sbx-web', 'sbx-api', 'sbx-target', ...CLIENTS];
    rig = await NetnsRig.start(all);
    await rig.plane.publish(
      rig.agent.id,
      snapshotOf({
        version: 1,
        sandboxes: Object.fromEntries(all.map((id) => [id, 'host-a'])),
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] }, target: { sandbox: 'sbx-target', ports: [8080] } },
        allow: ['any api 8080', 'any target 8080'],
      }),
    );
    await rig.plane.acknowledgement(1);
    for (const id of ['sbx-api', 'sbx-target']) {
      rig.serve(id, SERVER);
      const listens = async () => (await rig.in(id, 'ss', '-Hltn', 'sport = 8080')).output !== '';
      await waitFor(`${id} listens`, listens);
    }
  });

  after(() => rig?.close());

  /** Connections between the agent and sandboxes: two for each flow within a host. */
  async function connections(): Promise<readonly string[]> {
    const { output } = await rig.inHost('ss', '-Htno', 'state', 'connected', 'src', '10.77.0.0/16');
    return output.split('\n').filter((line) => line !== '');
  }

  it('are ended within a minute, idle or with bytes on their way, as client and as target; others stay', async () => {
    const lookUp = async (name: string) => (await rig.in('sbx-web', 'dig', '+short', '+tries=1', name)).output.trim();
    const [api, target] = [await lookUp('api.dev.gstacks'), await lookUp('target.dev.gstacks')];
    for (const id of CLIENTS) rig.serve(id, CLIENT(api, 'gets'));
    rig.serve('sbx-web', CLIENT(target, 'sends'));
    rig.serve('sbx-web', CLIENT(api, 'nothing'));
    await waitFor('all flows are open', async () => (await connections()).length === 2 * (2 * CLIENTS.length + 3));

    const link = /^\d+: (gs\w+)@/m.exec(await linkOf('sbx-deleted'))?.[1] ?? '';
    await ip('-n', rig.host.name, 'link', 'del', link);
    await ip('-n', rig.namespaceOf('sbx-down'), 'link', 'set', 'eth0', 'down');
    for (const id of ['sbx-deaf', 'sbx-target']) await deafen(rig.namespaceOf(id));

    const left = await waitFor(
      'only the flow between two that are there is open',
      async () => ((await connections()).length <= 2 ? await connections() : undefined),
      FREED_WITHIN_MS,
    );
    expect(left).to.have.length(2);
  });

  /** The host's end of the link. */
  async function linkOf(id: string): Promise<string> {
    return ip('-n', rig.host.name, '-4', '-o', 'link', 'show').then(async (links) => {
      const inner = JSON.parse(await ip('-n', rig.namespaceOf(id), '-j', 'link', 'show', 'dev', 'eth0'))[0].link_index;
      return links.split('\n').find((line) => line.startsWith(`${inner}: `)) ?? '';
    });
  }

  /** The link stays up, but nothing passes: like a frozen machine. */
  async function deafen(namespace: string): Promise<void> {
    const rules =
      'add table inet deaf; add chain inet deaf in { type filter hook prerouting priority -400; policy drop; }';
    expect((await inside(namespace, 'nft', rules)).code).to.equal(0);
  }
});
