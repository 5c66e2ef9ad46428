import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { NetnsRig } from '#test/support/netns-rig.js';
import { SHORT_CONNECTIONS } from '#test/support/short-connections.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const SERVER = `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {}).on('data', (word) => socket.write(word)).on('end', () => socket.end());
}).listen(8080, '0.0.0.0', 1024);
`;
/**
 * Connects and resets at once, this many times in a row, and again after a pause. Every tenth of a second it prints the
 * milliseconds since the epoch and the number of connections so far.
 */
const flood = (address: string, atOnce: number, pauseMs: number): string => `
let connected = 0;
const turn = () => {
  for (let count = 0; count < ${atOnce}; count += 1) {
    const client = require('node:net').connect({ host: '${address}', port: 8080 });
    client.on('error', () => {});
    client.once('connect', () => { connected += 1; client.resetAndDestroy(); });
  }
  setTimeout(turn, ${pauseMs});
};
turn();
setInterval(() => console.log(Date.now(), connected), 100);
`;
/** The rate and the burst in apps/agent/sandboxes/firewall/reset-floods. */
const SLOWED_PER_SECOND = 20;
const MEASURED_MS = 2_000;
const HONEST = 500;

/** The state of the flood at a time. */
interface Count {
  readonly atMs: number;
  readonly connected: number;
}

describe('a sandbox that resets its connections again and again', function () {
  this.timeout(60_000);
  let rig: NetnsRig;
  let flooder: ChildProcess;
  let last: Count = { atMs: 0, connected: 0 };

  /** The first count at or after this time. */
  const countAt = (atMs: number): Promise<Count> =>
    waitFor(`the flood is counted at ${atMs}`, () => last.atMs >= atMs && last);
  const proxy = async () => (await rig.in('sbx-web', 'dig', '+short', '+tries=1', 'api.dev.gstacks')).output.trim();
  const isSlowed = async (id: string) =>
    (/set slowed \{[\s\S]*?\n\t\}/.exec(await rig.rules())?.[0] ?? '').includes(rig.address(id));

  const floods = async (id: string, atOnce: number, pauseMs: number) => {
    const program = flood(await proxy(), atOnce, pauseMs);
    const command = ['netns', 'exec', rig.namespaceOf(id), process.execPath, '-e', program];
    const started = spawn('ip', command, { stdio: ['ignore', 'pipe', 'ignore'] });
    rig.keep(started);
    return started;
  };

  before(async () => {
    rig = await NetnsRig.start(['sbx-web', 'sbx-worker', 'sbx-api']);
    rig.serve('sbx-api', SERVER);
    await rig.plane.publish(
      rig.agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-worker': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['web', 'worker', 'api'].map((source) => `sandbox:sbx-${source} api 8080`),
      }),
    );
    await rig.plane.acknowledgement(1);
    const started = await floods('sbx-worker', 10, 0);
    createInterface({ input: started.stdout }).on('line', (line) => {
      const [atMs = Number.NaN, connected = Number.NaN] = line.split(' ').map(Number);
      last = { atMs, connected };
    });
    flooder = started;
  });

  after(() => rig?.close());

  it('gets new ones slowly', async () => {
    await waitFor('it is slowed', () => isSlowed('sbx-worker'));
    const before = await countAt(Date.now());
    expect(before.connected).to.be.greaterThan(0);
    const after = await countAt(before.atMs + MEASURED_MS);
    const seconds = (after.atMs - before.atMs) / 1_000;
    expect(after.connected - before.connected).to.be.at.most(SLOWED_PER_SECOND * (seconds + 1) * 1.2);
  });

  it('and no other sandbox does, however many short connections it makes to the same name', async () => {
    const args = [await proxy(), 8080, HONEST, 1, 'first'].map(String);
    const { code, output } = await rig.in('sbx-web', process.execPath, '-e', SHORT_CONNECTIONS, ...args);
    expect(code, output).to.equal(0);
    expect(JSON.parse(output).errors).to.deep.equal({});
    expect(await isSlowed('sbx-web')).to.equal(false);
    expect(await isSlowed('sbx-worker')).to.equal(true);
  });

  it('is slowed in the same way if it resets a few hundred a second', async () => {
    const slower = await floods('sbx-api', 12, 30);
    await waitFor('it is slowed', () => isSlowed('sbx-api'));
    slower.kill('SIGKILL');
  });

  it('is served as before once it has stopped', async () => {
    flooder.kill('SIGKILL');
    await waitFor('it is no longer slowed', async () => !(await isSlowed('sbx-worker')), 20_000);
  });
});
