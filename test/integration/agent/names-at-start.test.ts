import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'chai';
import { encode } from 'dns-packet';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

/** Loopback addresses of this run, so that concurrent runs do not conflict. */
const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
const DNS = `${BLOCK}.1`;
const WEB = `${BLOCK}.11`;
const LATE = `${BLOCK}.12`;
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const NETWORKS = ['dev', 'prod', 'test'];
const RESTARTS = 4;

const network = (name: string, version = 1, more: readonly string[] = []) =>
  snapshotOf({
    ...{ networkId: `0${NETWORKS.indexOf(name)}`, name, version, allow: [] },
    sandboxes: Object.fromEntries(['sbx-web', ...more].map((sandboxId) => [sandboxId, 'host-a'])),
    aliases: { api: { sandbox: 'sbx-web', ports: [8080] } },
  });

describe('the names of an agent that starts', () => {
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
    });
    agent.setSandboxes([{ id: 'sbx-web', address: WEB }]);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await agent.remove();
    await plane.close();
  });

  /** Looks up names every few milliseconds; `answers` has `<name> <code>` for each answer so far. */
  async function asker(source: string, ...names: string[]) {
    const socket = createSocket('udp4').bind(0, source);
    await once(socket, 'listening');
    sockets.push(socket);
    const answers: string[] = [];
    socket.on('message', (message) => {
      answers.push(`${names[message.readUInt16BE(0)]} ${RCODES[(message[3] ?? 0) & 0x0f]}`);
    });
    const packets = names.map((name, id) => encode({ id, questions: [{ name, type: 'A' }] }));
    const timer = setInterval(() => {
      for (const packet of packets) socket.send(packet, 1053, DNS);
    }, 2);
    socket.on('close', () => clearInterval(timer));
    return { answers, last: (name: string) => answers.findLast((answer) => answer.startsWith(`${name} `)) };
  }

  it(`are never answered wrongly, in ${RESTARTS} restarts`, async () => {
    agent.start();
    for (const name of NETWORKS) await plane.publish(agent.id, network(name));
    await waitFor(
      'all are acknowledged',
      () => new Set(plane.applied.map(({ networkId }) => networkId)).size === NETWORKS.length,
    );
    const names = NETWORKS.map((name) => `api.${name}.gstacks`);
    const asking = await asker(WEB, ...names);
    for (let restart = 1; restart <= RESTARTS; restart += 1) {
      await agent.end('SIGKILL');
      asking.answers.length = 0;
      const hellos = plane.hellos.length;
      agent.start();
      await waitFor('each is answered', () => names.every((name) => asking.last(name) !== undefined));
      await waitFor('it says hello', () => plane.hellos.length > hellos);
      expect([...new Set(asking.answers)].sort()).to.deep.equal(names.map((name) => `${name} NOERROR`).sort());
    }
  });

  it('that it was not told of yet are not said to be absent, until it was told of all', async () => {
    const hidden = network('prod');
    // The agent is meant to hold it, but it is not sent: the agent learns of it from the answer to its hello.
    plane.holdBack(agent.id, hidden);
    agent.start();
    await waitFor('it says hello', () => plane.hellos.length > 0);
    const asking = await asker(WEB, 'api.prod.gstacks', 'api.nowhere.gstacks');
    await waitFor('it answers', () => asking.answers.length > 0);
    await waitFor('it has heard of the network', () => plane.syncs.length > 0);
    await plane.publish(agent.id, hidden);
    await waitFor('the name is there', () => asking.last('api.prod.gstacks') === 'api.prod.gstacks NOERROR');
    await waitFor('no other is', () => asking.last('api.nowhere.gstacks') === 'api.nowhere.gstacks NXDOMAIN');
    expect(new Set(asking.answers.filter((answer) => answer.startsWith('api.prod')))).to.deep.equal(
      new Set(['api.prod.gstacks SERVFAIL', 'api.prod.gstacks NOERROR']),
    );

    // A sandbox that appears later: its networks arrive after it is reported.
    agent.setSandboxes([
      { id: 'sbx-web', address: WEB },
      { id: 'sbx-late', address: LATE },
    ]);
    const late = await asker(LATE, 'api.prod.gstacks');
    await waitFor('it is reported', () => plane.inventories.at(-1)?.sandboxes.length === 2);
    await waitFor('it is answered', () => late.last('api.prod.gstacks') === 'api.prod.gstacks SERVFAIL');
    await plane.publish(agent.id, network('prod', 2, ['sbx-late']));
    await waitFor('the name is there', () => late.last('api.prod.gstacks') === 'api.prod.gstacks NOERROR');
    expect(late.answers).to.not.include('api.prod.gstacks NXDOMAIN');
  });
});
