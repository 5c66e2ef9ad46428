import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { NetnsRig } from '#test/support/netns-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const QUERIES = 2_000;
const PER_SECOND = 100;
/** The share in apps/agent/sandboxes/firewall/query-floods that a flooding sandbox gets. */
const FLOODING_PER_SECOND = PER_SECOND / 20;
/** The burst that is allowed, plus what is allowed while the queries are sent. */
const AT_ONCE = 2 * PER_SECOND;
const MOST_ANSWERED = AT_ONCE + PER_SECOND * 5;
/** Sends queries as fast as it can, and prints the number of answers once none has come for half a second. */
const FLOOD = `
const { encode } = require('dns-packet');
const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
let answered = 0;
let quiet;
const wait = () => { clearTimeout(quiet); quiet = setTimeout(() => { console.log(answered); socket.close(); }, 500); };
socket.on('message', () => { answered += 1; wait(); });
const resolver = /^nameserver (\\S+)/m.exec(require('node:fs').readFileSync('/etc/resolv.conf', 'utf8'))[1];
for (let id = 0; id < ${QUERIES}; id += 1) {
  socket.send(encode({ type: 'query', id, questions: [{ type: 'A', name: 'api.dev.gstacks' }] }), 53, resolver);
}
wait();
`;

/** Sends less than twice the rate, in bursts. */
const BURSTS = `
const { encode } = require('dns-packet');
const socket = require('node:dgram').createSocket('udp4');
const resolver = /^nameserver (\\S+)/m.exec(require('node:fs').readFileSync('/etc/resolv.conf', 'utf8'))[1];
const query = encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'api.dev.gstacks' }] });
const send = (count) => { for (let sent = 0; sent < count; sent += 1) socket.send(query, 53, resolver); };
send(${3 * PER_SECOND});
setInterval(() => send(${PER_SECOND * 0.4}), 250);
`;

describe('a sandbox that asks for more names than it may', function () {
  this.timeout(60_000);
  let rig: NetnsRig;

  /** Packets of all sandboxes that the kernel has dropped. */
  const dropped = async () =>
    [...(await rig.rules()).matchAll(/(?:udp dport 53 .*|^\t\t)counter packets (\d+) .*drop$/gm)].reduce(
      (sum, [, packets]) => sum + Number(packets),
      0,
    );
  const isFlooding = async (id: string) =>
    (/set flooding \{[\s\S]*?\n\t\}/.exec(await rig.rules())?.[0] ?? '').includes(rig.address(id));
  const dig = async (id: string) => (await rig.in(id, 'dig', '+short', '+tries=1', 'api.dev.gstacks')).output.trim();
  const flood = async (id: string) => Number((await rig.in(id, process.execPath, '-e', FLOOD)).output.trim());

  before(async () => {
    rig = await NetnsRig.start(['sbx-web', 'sbx-worker', 'sbx-api'], {
      GLOBALSTACKS_AGENT_DNS_RATE: String(PER_SECOND),
    });
    await rig.plane.publish(
      rig.agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-worker': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-web api 8080', 'sandbox:sbx-worker api 8080'],
      }),
    );
    await rig.plane.acknowledgement(1);
  });

  after(() => rig?.close());

  it('gets two seconds of its rate at once, and the kernel drops the others', async () => {
    expect(await dropped()).to.equal(0);
    const answered = await flood('sbx-worker');
    expect(answered).to.be.within(AT_ONCE, MOST_ANSWERED);
    expect(await dropped()).to.be.at.least(QUERIES - MOST_ANSWERED);
  });

  it('and another is answered meanwhile', async () => {
    const flooded = flood('sbx-worker');
    expect(await dig('sbx-web')).to.match(/^10\.77\./);
    await flooded;
  });

  it('is found to flood by the queries that it sends in vain within a second, and alone', async () => {
    expect(await isFlooding('sbx-worker')).to.equal(true);
    expect(await isFlooding('sbx-web')).to.equal(false);
  });

  it('then gets next to nothing while it goes on', async () => {
    await flood('sbx-worker');
    expect(await flood('sbx-worker')).to.be.at.most(FLOODING_PER_SECOND * 6);
    expect(await isFlooding('sbx-worker')).to.equal(true);
  });

  it('is found to flood in the same way by bursts between which it pauses', async () => {
    const command = ['netns', 'exec', rig.namespaceOf('sbx-api'), process.execPath, '-e', BURSTS];
    const bursts = rig.keep(spawn('ip', command, { stdio: 'ignore' }));
    await waitFor('it is found to flood', () => isFlooding('sbx-api'));
    bursts.kill('SIGKILL');
  });

  it('is answered as before once it has stopped', async () => {
    await waitFor('it no longer floods', async () => !(await isFlooding('sbx-worker')), 20_000);
    expect(await dig('sbx-worker')).to.match(/^10\.77\./);
  });
});
