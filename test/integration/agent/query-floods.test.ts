import { expect } from 'chai';
import { NetnsRig } from '#test/support/netns-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const QUERIES = 2_000;
const PER_SECOND = 100;
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

describe('a sandbox that asks for more names than it may', function () {
  this.timeout(60_000);
  let rig: NetnsRig;

  /** Packets of all sandboxes that the kernel has dropped. */
  const dropped = async () =>
    [...(await rig.rules()).matchAll(/udp dport 53 .*counter packets (\d+)/g)].reduce(
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

  it('gets next to nothing while it goes on without answers, and alone', async () => {
    await waitFor('it is found to flood', async () => {
      await flood('sbx-worker');
      return isFlooding('sbx-worker');
    });
    expect(await isFlooding('sbx-web')).to.equal(false);
    expect(await flood('sbx-worker')).to.be.at.most(PER_SECOND);
  });

  it('is answered as before once it has stopped', async () => {
    await waitFor('it no longer floods', async () => !(await isFlooding('sbx-worker')), 20_000);
    expect(await dig('sbx-worker')).to.match(/^10\.77\./);
  });
});
