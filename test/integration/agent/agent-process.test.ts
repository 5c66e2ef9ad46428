import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { writeStateFile } from '#apps/agent/state/state-file.js';
import { CHECKS_WITHIN_MS } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { diff } from '#libs/policy/snapshot-delta.js';
import { snapshotHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { outcomeOf } from '#test/support/flow-rig.js';
import { complaints, describedMetrics, metricsOf, seriesValue } from '#test/support/metric-page.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { leavingSnapshot, type SnapshotText, snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);

/** Loopback addresses of this run, so that concurrent runs do not conflict. */
const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
const PROXIES = `${BLOCK}.128/25`;
const DNS = `${BLOCK}.1`;
const WEB = `${BLOCK}.11`;
const API = `${BLOCK}.12`;
const STRANGER = `${BLOCK}.13`;

function network(version: number, rules: Pick<SnapshotText, 'allow' | 'deny'>, more: Partial<SnapshotText> = {}) {
  return snapshotOf({
    version,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
    aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
    ...rules,
    ...more,
  });
}

const FAR: Partial<SnapshotText> = {
  sandboxes: { 'sbx-web': 'host-a', 'sbx-far': 'host-b' },
  aliases: { far: { sandbox: 'sbx-far', ports: [80] } },
};
/** Longer than a version takes to apply. */
const ENDS_WITHIN_MS = 2_000;
const ALLOWED = { allow: ['sandbox:sbx-web api 8080'] };

describe('an agent, as a process', () => {
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  let api: HttpServer;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    api = createHttpServer((request, response) => {
      if (request.url === '/hold') response.write('held');
      else response.end('from sbx-api');
    }).listen(8080, API);
    await once(api, 'listening');
    agent = new AgentProcess('host-a', plane.url, {
      GLOBALSTACKS_AGENT_DRIVER: 'static',
      GLOBALSTACKS_AGENT_MESH_DNS_ADDR: `${DNS}:1053`,
      GLOBALSTACKS_AGENT_MESH_PROXY_BIND: PROXIES,
    });
    agent.setSandboxes([
      { id: 'sbx-web', address: WEB },
      { id: 'sbx-api', address: API },
    ]);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await agent.remove();
    api.closeAllConnections();
    api.close();
    await plane.close();
  });

  async function started(): Promise<void> {
    agent.start();
    await waitFor('the agent says hello', () => plane.hellos.length > 0);
  }

  async function lookUp(source = WEB): Promise<{ readonly status: string; readonly address: string }> {
    const args = ['-b', source, `@${DNS}`, '-p', '1053', '+tries=1', '+time=2', 'api.dev.gstacks'];
    const { stdout } = await run('dig', args);
    return {
      status: /status: (\w+)/.exec(stdout)?.[1] ?? 'none',
      address: /\tA\t([\d.]+)/.exec(stdout)?.[1] ?? '',
    };
  }

  /** Whether DNS listens and has the name. */
  function isAnswered(): Promise<boolean> {
    return lookUp().then(
      ({ status }) => status === 'NOERROR',
      () => false,
    );
  }

  /** The body, or the error's code. */
  async function get(source = WEB): Promise<string> {
    const { address } = await lookUp();
    const request = httpRequest({ host: address, port: 8080, localAddress: source, agent: false }).end();
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return Buffer.concat(await response.toArray()).toString();
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  }

  async function hold(): Promise<Socket> {
    const { address } = await lookUp();
    const socket = connect({ host: address, port: 8080, localAddress: WEB });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write('GET /hold HTTP/1.1\r\nhost: api\r\n\r\n');
    await once(socket, 'data');
    return socket;
  }

  it('serves metrics where it is told to, with names that Prometheus asks for and docs/metrics.md has', async () => {
    agent.set('GLOBALSTACKS_AGENT_METRICS_LISTEN', `${DNS}:9469`);
    await started();
    await plane.publish(agent.id, network(3, ALLOWED));
    await plane.acknowledgement(3);
    expect(await get()).to.equal('from sbx-api');
    await plane.publish(agent.id, network(4, {}));
    await plane.acknowledgement(4);
    expect(await get()).to.equal('ECONNRESET');
    const page = await (await fetch(`http://${DNS}:9469/metrics`)).text();
    for (const [series, value] of [
      ['gs_agent_networks', 1],
      ['gs_agent_sandboxes', 2],
      ['gs_agent_mesh_joined', 1],
      ['gs_agent_open_flows', 0],
      // Both ends are on this host.
      ['gs_agent_flows_total{outcome="opened"}', 2],
      ['gs_agent_flows_total{outcome="refused"}', 1],
      ['gs_agent_flows_refused_total{code="DEFAULT_DENY"}', 1],
      ['gs_agent_dns_unanswered_total{reason="malformed"}', 0],
    ] as const) {
      expect(seriesValue(page, series), series).to.equal(value);
    }
    expect(seriesValue(page, 'gs_agent_dns_answers_total{rcode="NOERROR"}')).to.be.at.least(2);
    expect(seriesValue(page, 'gs_agent_control_plane_contact_age_seconds')).to.be.lessThan(60);
    expect(complaints(page)).to.deep.equal([]);
    const described = describedMetrics();
    for (const { name, help } of metricsOf(page).filter((each) => each.name.startsWith('gs_'))) {
      expect(help, name).to.equal(described.get(name));
    }
    expect((await fetch(`http://${DNS}:9469/`)).status).to.equal(404);
  });

  it('enrols, reports its sandboxes, applies what is published, serves it, and acknowledges', async () => {
    await started();
    expect(plane.enrolled).to.deep.equal(['host-a']);
    const inventory = await waitFor('its inventory', () => plane.inventories.at(-1));
    expect(inventory.sandboxes.map(({ sandboxId, address, source }) => [sandboxId, address, source])).to.deep.equal([
      ['sbx-web', WEB, 'unverified'],
      ['sbx-api', API, 'unverified'],
    ]);
    const snapshot = network(3, ALLOWED);
    await plane.publish(agent.id, snapshot, { partCharacters: 100 });
    const acknowledgement = await plane.acknowledgement(3);
    expect(acknowledgement).to.deep.include({ from: null, hash: snapshotHash(snapshot), aliasFailures: [] });
    expect(await lookUp()).to.have.property('status', 'NOERROR');
    expect(await lookUp(STRANGER)).to.have.property('status', 'REFUSED');
    expect(await get()).to.equal('from sbx-api');
    expect(await get(API)).to.equal('ECONNRESET');
    expect(await get(STRANGER)).to.equal('ECONNRESET');
    await waitFor('a heartbeat repeats it', () =>
      plane.heartbeats.some(({ acknowledgements }) => acknowledgements.some(({ to }) => to === 3)),
    );
    expect(statSync(join(agent.stateFolder, 'identity', 'bus.seed')).mode & 0o777).to.equal(0o600);
    expect(await agent.end('SIGTERM')).to.equal(0);
    const written = agent.log.map((line) => JSON.stringify(line)).join('\n');
    for (const secret of ['bus.seed', 'mesh.pem']) {
      const text = readFileSync(join(agent.stateFolder, 'identity', secret), 'utf8').trim();
      expect(written.includes(text.split('\n')[1] ?? text)).to.equal(false);
    }
  });

  for (const [how, signal] of [
    ['is told to end', 'SIGTERM'],
    ['ends at an error that nobody caught', 'SIGUSR2'],
  ] as const) {
    it(`resets the connections of its clients when it ${how}: none seems to have come to its end`, async () => {
      const failing = "process.on('SIGUSR2', () => { throw new Error('unexpected'); })";
      agent.set('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(failing)}`);
      await started();
      await plane.publish(agent.id, network(3, ALLOWED));
      await plane.acknowledgement(3);
      const outcome = outcomeOf(await hold());
      await agent.end(signal);
      expect(await outcome).to.equal('ECONNRESET');
    });
  }

  it('cuts a flow that a version denies before it acknowledges, and names it', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    const socket = await hold();
    await plane.publish(agent.id, network(2, { ...ALLOWED, deny: ['sandbox:sbx-web api 8080'] }));
    const { from, flowsCut } = await plane.acknowledgement(2);
    expect(from).to.equal(1);
    expect(flowsCut).to.have.length(1);
    await waitFor('it is cut', () => socket.closed);
    expect(await get()).to.equal('ECONNRESET');
    await plane.publish(agent.id, network(3, ALLOWED));
    await plane.acknowledgement(3);
    expect(await get()).to.equal('from sbx-api');
  });

  it('takes a delta as it takes a snapshot, keeps it through a kill, and asks for the whole at any doubt', async () => {
    await started();
    expect(plane.hellos.at(-1)).to.include({ takesDeltas: true });
    const first = network(1, ALLOWED);
    await plane.publish(agent.id, first);
    await plane.acknowledgement(1);
    const socket = await hold();
    const denied = network(2, { ...ALLOWED, deny: ['sandbox:sbx-web api 8080'] });
    const third = network(3, ALLOWED);
    const doubtful: readonly (readonly [string, object])[] = [
      ['DELTA_UNFOUNDED', { from: 3 }],
      ['SNAPSHOT_INVALID', { body: JSON.stringify(diff(treeOf(first), treeOf(third))) }],
      ['SNAPSHOT_INVALID', { body: '{' }],
    ];
    for (const [code, change] of doubtful) {
      const reply = await plane.publishDelta(agent.id, first, denied, change);
      expect(reply).to.include({ status: 'snapshot-needed' });
      expect(reply.code).to.equal(code);
    }
    expect(await plane.publishDelta(agent.id, first, denied, { signature: 'A'.repeat(88) })).to.include({
      status: 'refused',
      code: 'SIGNATURE_INVALID',
    });
    expect(socket.closed).to.equal(false);
    expect(plane.applied.filter(({ outcome }) => outcome === 'applied').map(({ to }) => to)).to.not.include(2);

    expect(await plane.publishDelta(agent.id, first, denied)).to.include({ status: 'received' });
    const { from, hash, flowsCut } = await plane.acknowledgement(2);
    expect({ from, hash }).to.deep.equal({ from: 1, hash: snapshotHash(denied) });
    expect(flowsCut).to.have.length(1);
    expect(await get()).to.equal('ECONNRESET');
    await agent.end('SIGKILL');
    plane.hellos.length = 0;
    await started();
    const [held] = plane.hellos.at(-1)?.networks ?? [];
    expect(held).to.include({ version: 2, hash: snapshotHash(denied) });
    expect(await plane.publishDelta(agent.id, denied, third)).to.include({ status: 'received' });
    await plane.acknowledgement(3);
    expect(await get()).to.equal('from sbx-api');
  });

  it('keeps an unanswered acknowledgement, cuts included, through a kill', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    await hold();
    plane.answersApplied = false;
    await plane.publish(agent.id, network(2, {}));
    const { flowsCut } = await plane.acknowledgement(2);
    await agent.end('SIGKILL');
    plane.applied.length = 0;
    plane.answersApplied = true;
    agent.start();
    // The saved version comes first; the acknowledgement that the restored version is in force comes after it, and cuts
    // nothing more.
    const kept = await waitFor('it is told', () => plane.applied.find(({ to }) => to === 2));
    expect(kept.flowsCut).to.deep.equal(flowsCut).and.have.length(1);
  });

  it('reports what it cut when a rule ended with the version that says so, though it was killed in between', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    const held = await hold();
    const until = new Date(Date.now() + ENDS_WITHIN_MS).toISOString();
    await plane.publish(agent.id, network(2, { allow: [`sandbox:sbx-web api 8080 until=${until}`] }));
    await plane.acknowledgement(2);
    await waitFor('it is cut', () => held.closed);
    const files = join(agent.stateFolder, 'networks');
    const isOnDisk = (file: string) => /"cutAtEnd":\[\{/.test(readFileSync(join(files, file), 'utf8'));
    await waitFor('it is on disk', () => readdirSync(files).some(isOnDisk));
    await agent.end('SIGKILL');
    plane.hellos.length = 0;
    await started();
    await plane.publish(agent.id, network(3, {}));
    expect((await plane.acknowledgement(3)).flowsCut).to.have.length(1);
    await plane.publish(agent.id, network(4, {}));
    expect((await plane.acknowledgement(4)).flowsCut, 'once').to.deep.equal([]);
  });

  it('refuses what is not signed by the control plane it enrolled with, and reports it', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    const forged = network(2, {});
    expect(await plane.send(agent.id, forged, { signature: 'A'.repeat(88) })).to.deep.include({
      status: 'refused',
      code: 'SIGNATURE_INVALID',
    });
    expect(await plane.acknowledgement(2, 'refused')).to.deep.include({ code: 'SIGNATURE_INVALID', from: 1 });
    expect(await get()).to.equal('from sbx-api');
  });

  it('takes no step back: older versions, epochs, terms, another store, another protocol, another body', async () => {
    await started();
    await plane.publish(agent.id, network(5, ALLOWED));
    await plane.acknowledgement(5);
    const refused = async (snapshot: Parameters<FakeControlPlane['send']>[1], twist: object) => {
      const { status, code, message } = (await plane.send(agent.id, snapshot, twist)) as {
        readonly [key: string]: unknown;
      };
      return { outcome: `${status} ${code}`, message: String(message) };
    };
    const newer = network(6, {});
    expect((await refused(network(4, {}), {})).outcome).to.equal('ignored VERSION_SUPERSEDED');
    expect((await refused(network(5, {}), {})).outcome).to.equal('refused EPOCH_REGRESSED');
    expect((await refused(network(5, ALLOWED), {})).outcome).to.equal('ignored VERSION_HELD');
    expect((await refused(newer, { term: 0 })).outcome).to.equal('ignored TERM_SUPERSEDED');
    const store = { counter: 1, id: 'epoch-other' };
    expect((await refused(newer, { epoch: store })).outcome).to.equal('refused EPOCH_REGRESSED');
    expect((await refused(newer, { epoch: { counter: 0, id: 'older' } })).outcome).to.equal('refused EPOCH_REGRESSED');
    expect((await refused(newer, { hash: '0'.repeat(64) })).outcome).to.equal('refused HASH_MISMATCH');
    expect((await refused(newer, { to: 7 })).outcome).to.equal('refused SNAPSHOT_INVALID');
    const { outcome, message } = await refused(newer, { protocol: 9 });
    expect(outcome).to.equal('refused PROTOCOL_UNSUPPORTED');
    expect(message).to.match(/9.*2/);
    expect(await get()).to.equal('from sbx-api');
    const higher = { counter: 2, id: 'epoch-two' };
    plane.epoch = higher;
    await plane.publish(agent.id, network(2, {}));
    expect((await plane.acknowledgement(2)).epoch).to.deep.equal(higher);
    expect(await get()).to.equal('ECONNRESET');
  });

  it('serves from last-good after a kill, without control plane and bus, and says so', async () => {
    await started();
    await plane.publish(agent.id, network(3, ALLOWED));
    await plane.acknowledgement(3);
    const before = await lookUp();
    await waitFor('the contact is on disk', () => readdirSync(agent.stateFolder).includes('contact.json'));
    await agent.end('SIGKILL');
    await plane.nats.kill();
    agent.log.length = 0;
    agent.start();
    expect(
      await agent.logged('serving the saved version of a network until the control plane answers'),
    ).to.deep.include({
      network: 'dev',
      version: 3,
    });
    await waitFor('it answers DNS', () => isAnswered());
    expect(await lookUp()).to.deep.equal(before);
    expect(await get()).to.equal('from sbx-api');
    await plane.nats.start();
    const heard = plane.hellos.length;
    const hello = await waitFor('it says hello again', () => plane.hellos[heard], 20_000);
    const [held] = hello.networks;
    expect(held).to.deep.include({
      networkId: TEST_NETWORK,
      epoch: plane.epoch,
      version: 3,
      hash: snapshotHash(network(3, ALLOWED)),
    });
    // The signature that came with the snapshot, which proves the version to a store that has lost it.
    expect(held?.signature).to.have.length(88);
  });

  it('carries nothing for a network that it has been out of contact with for too long, until there is contact', async () => {
    await started();
    await plane.publish(agent.id, network(3, ALLOWED, { maxStalenessSeconds: 60 }));
    await plane.acknowledgement(3);
    await agent.end('SIGKILL');
    await plane.nats.kill();
    const longAgo = { bootId: 'of an earlier run', uptimeSeconds: 1, wallMs: Date.now() - 61_000 };
    await writeStateFile(join(agent.stateFolder, 'contact.json'), longAgo);
    agent.log.length = 0;
    agent.start();
    await agent.logged('serving the saved version of a network until the control plane answers');
    await waitFor('it answers DNS', () => isAnswered());
    expect(await get()).to.equal('ECONNRESET');
    expect((await agent.logged('flow refused')).flow).to.have.property('code', 'STALE');
    const heard = plane.hellos.length;
    await plane.nats.start();
    await waitFor('contact', () => plane.hellos.length > heard, 20_000);
    await waitFor('it serves again', async () => (await get()) === 'from sbx-api');
  });

  it('survives a corrupt last-good file: tells of it, moves it aside, asks for the network again', async () => {
    await started();
    await plane.publish(agent.id, network(3, ALLOWED));
    await plane.acknowledgement(3);
    await agent.end('SIGKILL');
    const folder = join(agent.stateFolder, 'networks');
    const name = readdirSync(folder).find((entry) => entry.endsWith('.json')) ?? '';
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace('"allow"', '"deny"'));
    plane.applied.length = 0;
    agent.start();
    await agent.logged(
      'a saved version of a network cannot be used; the network is served once the control plane has sent it again',
    );
    expect((await plane.acknowledgement(3)).from).to.equal(null);
    expect(plane.syncs.at(-1)).to.deep.include({ networkId: TEST_NETWORK, have: null });
    expect(readdirSync(folder).some((entry) => entry.includes('.corrupt-'))).to.equal(true);
    expect(await get()).to.equal('from sbx-api');
  });

  it('applies policy all the same when a port is taken, names the alias, and mends itself', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    const socket = await hold();
    const port = await takeEverywhere();
    const aliases = {
      api: { sandbox: 'sbx-api', ports: [8080] },
      blocked: { sandbox: 'sbx-api', ports: [port.number] },
    };
    await plane.publish(agent.id, network(2, {}, { aliases }));
    const { aliasFailures, flowsCut } = await plane.acknowledgement(2);
    expect(flowsCut).to.have.length(1);
    await waitFor('it is cut', () => socket.closed);
    expect(aliasFailures.map(({ alias, code }) => [alias, code])).to.deep.equal([['blocked', 'PROXY_ADDRESS_IN_USE']]);
    port.server.close();
    await waitFor('it is mended', () =>
      plane.applied.some(({ to, from, aliasFailures: left }) => to === 2 && from === 2 && left.length === 0),
    );
  });

  it('answers the checks of each end from what carries traffic, and resolves', async () => {
    await started();
    const snapshot = network(4, ALLOWED);
    await plane.publish(agent.id, snapshot);
    await plane.acknowledgement(4);
    const held = { epoch: plane.epoch, version: 4, hash: snapshotHash(snapshot) };
    const about = { protocol: BUS_PROTOCOL, networkId: TEST_NETWORK, alias: 'api' };
    const ask = async (from: string, more: object = {}) => {
      const question = { ...about, ...held, kind: 'checks', role: 'source', from, port: 8080, ...more };
      const { checks } = (await plane.diagnose(agent.id, question)) as {
        checks: readonly { code: string; status: string; remedy: string | null }[];
      };
      return checks;
    };
    const statuses = (checks: Awaited<ReturnType<typeof ask>>) => checks.map(({ code, status }) => `${code} ${status}`);
    expect(statuses(await ask('sandbox:sbx-web'))).to.deep.equal([
      'MESH_JOINED pass',
      'TOPOLOGY_APPLIED pass',
      'DNS_LOADED pass',
      'ROUTE_PRESENT pass',
      'POLICY pass',
      'USES_AGENT_DNS skipped',
      'PEER_REACHED pass',
      'ISOLATED skipped',
    ]);
    const denied = await ask('sandbox:sbx-api');
    expect(statuses(denied)).to.include('POLICY fail').and.include('PEER_REACHED skipped');
    expect(denied.find(({ code }) => code === 'POLICY')?.remedy).to.contain(
      'gstacks network policy allow dev --from sandbox:sbx-api',
    );
    const others = [{ version: 5 }, { version: 3 }, { hash: '0'.repeat(64) }, { epoch: { counter: 1, id: 'other' } }];
    for (const other of others) expect(statuses(await ask('local', other))).to.include('TOPOLOGY_APPLIED fail');
    expect(statuses(await ask('local', { alias: 'nobody' }))).to.include.members([
      'DNS_LOADED fail',
      'ROUTE_PRESENT fail',
    ]);
    expect(statuses(await ask('local', { role: 'target' })))
      .to.include('ROUTE_PRESENT pass')
      .and.include('TARGET_ACCEPTS skipped');
    expect(statuses(await ask('sandbox:sbx-web', { role: 'target' }))).to.include('TARGET_ACCEPTS pass');
    expect(await plane.diagnose(agent.id, { ...about, kind: 'resolve' })).to.deep.include({
      address: (await lookUp()).address,
      version: 4,
    });
  });

  it('answers several questions side by side, each in its time, though a peer takes connections and is silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1').unref();
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const hostB = parseAgentId('host-b', 'agent');
    plane.peers.set(hostB, { agentId: hostB, endpoints: [`127.0.0.1:${port}`], keyThumbprint: null });
    await started();
    const snapshot = network(1, { allow: ['sandbox:sbx-web far 80'] }, FAR);
    await plane.publish(agent.id, snapshot);
    await plane.acknowledgement(1);
    const question = {
      ...{ protocol: BUS_PROTOCOL, kind: 'checks', networkId: TEST_NETWORK, role: 'source', from: 'sandbox:sbx-web' },
      ...{ epoch: plane.epoch, version: 1, hash: snapshotHash(snapshot), alias: 'far', port: 80 },
    };
    const began = performance.now();
    const answers = await Promise.all([1, 2, 3, 4].map(() => plane.diagnose(agent.id, question)));
    expect(performance.now() - began).to.be.lessThan(CHECKS_WITHIN_MS + 500);
    for (const answer of answers) {
      const reply = parseDiagnoseReply(answer);
      const peer = reply.kind === 'checks' ? reply.checks.find(({ code }) => code === 'PEER_REACHED') : undefined;
      expect(peer).to.include({ status: 'fail' });
      expect(peer?.evidence).to.contain(`host-b cannot be reached at 127.0.0.1:${port}`);
    }
    silent.close();
  });

  it('lets go of a network, and does not take an older version of it again', async () => {
    await started();
    await plane.publish(agent.id, network(3, ALLOWED));
    await plane.acknowledgement(3);
    const { address } = await lookUp();
    await plane.publish(agent.id, leavingSnapshot({ version: 4 }));
    await plane.acknowledgement(4);
    await waitFor('its names are known to be absent', async () => (await lookUp()).status === 'NXDOMAIN');
    const refused = once(connect({ host: address, port: 8080, localAddress: WEB }), 'error');
    expect((await refused)[0]).to.have.property('code', 'ECONNREFUSED');
    await agent.end('SIGKILL');
    agent.start();
    await waitFor('it is back', () => plane.hellos.length > 1);
    expect(await plane.send(agent.id, network(3, ALLOWED))).to.have.property('code', 'VERSION_SUPERSEDED');
  });

  it('follows its list of sandboxes, and cuts the flows of one that is gone', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    const socket = await hold();
    agent.setSandboxes([{ id: 'sbx-api', address: API }]);
    await waitFor('it is cut', () => socket.closed);
    await waitFor('the report follows', () => plane.inventories.at(-1)?.sandboxes.length === 1);
    await waitFor('DNS follows', async () => (await lookUp()).status === 'REFUSED');
  });

  it('renews its credentials half way to their end and connects with the new ones', async () => {
    plane.credentialSeconds = 4;
    await started();
    await waitFor('renewed', () => plane.renewed.length > 0);
    plane.credentialSeconds = 3_600;
    await agent.logged('credentials renewed');
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    expect(plane.enrolled).to.have.length(1);
  });

  it('finds the bus again where a renewal says that it is', async () => {
    const { busUrl } = plane;
    plane.busUrl = 'nats://127.0.0.1:1';
    plane.credentialSeconds = 2;
    agent.start();
    await agent.logged('bus disconnected');
    plane.busUrl = busUrl;
    plane.credentialSeconds = 3_600;
    await waitFor('it says hello', () => plane.hellos.length > 0);
  });

  it('survives messages that are none, and keeps serving', async () => {
    await started();
    await plane.publish(agent.id, network(1, ALLOWED));
    await plane.acknowledgement(1);
    for (const nonsense of [null, 7, [], { protocol: 2 }, { protocol: 2, kind: 'peers', peers: 'x' }]) {
      await plane.diagnose(agent.id, nonsense).catch(() => {});
    }
    const reply = await plane.send(agent.id, network(2, {}), { networkId: '../etc' as typeof TEST_NETWORK });
    expect(reply).to.deep.include({ status: 'refused', code: 'INVALID_INPUT' });
    expect(await get()).to.equal('from sbx-api');
  });

  async function takeEverywhere(): Promise<{ readonly server: Server; readonly number: number }> {
    const server = createServer().listen(0, '0.0.0.0');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { server, number: address.port };
  }
});
