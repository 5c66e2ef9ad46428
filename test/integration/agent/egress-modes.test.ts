import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { encode } from 'dns-packet';
import { type ScriptedResolver, startScripted } from '#test/integration/dns/resolvers.js';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { freePort } from '#test/support/ports.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);

/** Loopback addresses of this run, so that concurrent runs do not conflict. */
const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
const DNS = `${BLOCK}.1`;
const WEB = `${BLOCK}.11`;
const SERVERS = [`${BLOCK}.20`, `${BLOCK}.21`] as const;
const CONNECTIONS = 300;
const AT_ONCE = 10;

describe('what an agent of the driver static does about names outside', function () {
  this.timeout(60_000);
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  let upstream: ScriptedResolver;
  let port: number;
  const servers: Server[] = [];
  const asked: string[] = [];
  let version = 0;
  let turn = 0;

  before(async () => {
    port = await freePort();
    for (const address of SERVERS) {
      const server = createServer((socket) => socket.on('error', () => {}).end(address)).listen(port, address);
      servers.push(server);
      await once(server, 'listening');
    }
    upstream = await startScripted(({ id, questions }) => {
      const [question] = questions ?? [];
      if (id === undefined || question === undefined) return null;
      asked.push(question.name);
      if (question.type === 'A') turn += 1;
      // Another address each time.
      const data = question.name === 'open.example.com' ? '192.0.2.7' : (SERVERS[turn % SERVERS.length] ?? '');
      const answers = question.type === 'A' ? [{ type: 'A' as const, name: question.name, ttl: 60, data }] : [];
      return [encode({ type: 'response', id, flags: 0x0180, questions: [question], answers })];
    });
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
      GLOBALSTACKS_AGENT_DNS_UPSTREAMS: upstream.address,
    });
    agent.setSandboxes([{ id: 'sbx-web', address: WEB }]);
  });

  after(async () => {
    await agent?.remove();
    await plane?.close();
    await upstream?.stop();
    for (const server of servers) server.close();
  });

  async function startWith(mode: string): Promise<void> {
    await agent.end('SIGTERM');
    agent.set('GLOBALSTACKS_AGENT_EGRESS', mode);
    const hellos = plane.hellos.length;
    agent.start();
    await waitFor('the agent is there', () => plane.hellos.length > hellos);
    version += 1;
    const egress = [`allow any allowed.example.com ${port} private`, 'deny any denied.example.com 443'];
    await plane.publish(agent.id, snapshotOf({ version, sandboxes: { 'sbx-web': 'host-a' }, aliases: {}, egress }));
    await plane.acknowledgement(version);
    asked.length = 0;
  }

  /** The code of the answer, and the address in it. */
  async function dig(name: string): Promise<string> {
    const { stdout } = await run('dig', ['+tries=1', '+time=3', `@${DNS}`, '-p', '1053', '-b', WEB, name]);
    const [, status = ''] = /status: (\w+)/.exec(stdout) ?? [];
    const [, address] = /\sA\s+([\d.]+)/.exec(stdout) ?? [];
    return address === undefined ? status : `${status} ${address}`;
  }

  /** What the server at an address sends the sandbox. */
  const read = (host: string): Promise<string> =>
    new Promise((resolve) => {
      let said = '';
      const socket = connect({ host, port, localAddress: WEB });
      socket.on('data', (chunk) => {
        said += String(chunk);
      });
      socket.on('error', (error) => resolve(error.message));
      socket.on('end', () => resolve(said));
    });

  it('listed: names that rules allow, each of 300 connections to an address of the moment, and no other name', async () => {
    await startWith('listed');
    // Until its networks are known, a rule that has not arrived yet may allow the name.
    await waitFor('the name does not exist', async () => (await dig('open.example.com')) === 'NXDOMAIN');
    const [status, address = ''] = (await dig('allowed.example.com')).split(' ');
    expect(status).to.equal('NOERROR');
    expect(asked).to.deep.equal([]);
    const said: string[] = [];
    for (let left = CONNECTIONS; left > 0; left -= AT_ONCE) {
      said.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => read(address)))));
    }
    expect(new Set(said)).to.deep.equal(new Set(SERVERS));
    expect(new Set(asked)).to.deep.equal(new Set(['allowed.example.com']));
  });

  it('none: no name at all, and nothing is dialled', async () => {
    await startWith('none');
    for (const name of ['allowed.example.com', 'open.example.com']) expect(await dig(name)).to.equal('NXDOMAIN');
    expect(asked).to.deep.equal([]);
  });

  it('open: names that rules allow as ever, and all others by the resolvers', async () => {
    await startWith('open');
    expect(await dig('open.example.com')).to.equal('NOERROR 192.0.2.7');
    const [, address = ''] = (await dig('allowed.example.com')).split(' ');
    expect(SERVERS).to.include(await read(address));
    await agent.logged(
      'GLOBALSTACKS_AGENT_EGRESS is open: sandboxes may resolve every outside name, and DNS queries can carry data out',
    );
  });
});
