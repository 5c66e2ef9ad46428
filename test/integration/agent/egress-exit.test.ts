import { type ChildProcess, spawn } from 'node:child_process';
import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { startMeshMember } from '#libs/mesh/mesh-member.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { HostNamespace, ip } from '#test/support/host-namespace.js';
import { agentIdentity, flowRequest, peerNamed } from '#test/support/mesh-store.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { PLACES, PlayedInternet, RESOLVER } from '#test/support/played-internet.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const RECORDS = {
  'packages.example.com': [`A ${PLACES.packages}`],
  'own.example.com': [`A ${PLACES.packages}`],
  'inside.example.com': [`A ${PLACES.private}`],
};
/** The source address of connections from host-b, as servers of the simulated internet see it. */
const HOST_B_THERE = '203.0.113.1';
const BY_EXIT = 'allow sandbox:sbx-web packages.example.com 443 via=host-b';

describe('a name outside whose connections leave from another agent', function () {
  this.timeout(120_000);
  let rig: NetnsRig;
  let exitHost: HostNamespace;
  let exit: AgentProcess;
  let internet: PlayedInternet;
  let version = 0;

  /** host-a, with sbx-web, has no route to the internet and no resolver; host-b has both, and no sandbox. */
  before(async () => {
    rig = await NetnsRig.start(['sbx-web'], { GLOBALSTACKS_AGENT_DNS_UPSTREAMS: 'refuse' });
    exitHost = await HostNamespace.make();
    internet = await PlayedInternet.start(exitHost, RECORDS);
    const [, wireB] = await HostNamespace.wire(rig.host, exitHost);
    await ip('-n', rig.host.name, 'route', 'add', `${exitHost.address}/32`, 'via', wireB);
    exit = new AgentProcess(
      'host-b',
      rig.plane.url,
      {
        GLOBALSTACKS_AGENT_DRIVER: 'netns',
        GLOBALSTACKS_AGENT_NETNS_PREFIX: `${exitHost.name}.`,
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `${exitHost.address}:0`,
        GLOBALSTACKS_AGENT_DNS_UPSTREAMS: `${RESOLVER}:53`,
      },
      ['nsenter', `--net=/run/netns/${exitHost.name}`],
    );
    exit.setSandboxes([]);
    await start();
  });

  after(async () => {
    await exit?.remove();
    await internet?.remove();
    await rig?.close();
    await exitHost?.remove();
  });

  /** Starts host-b, and waits until both agents know each other. */
  async function start(): Promise<void> {
    const hellos = rig.plane.hellos.length;
    exit.start();
    await waitFor('host-b is there', () => rig.plane.hellos.length > hellos);
    const heard = rig.plane.heartbeats.length;
    await waitFor(
      'both were told of their peer',
      () => new Set(rig.plane.heartbeats.slice(heard).map(({ bootId }) => bootId)).size === 2,
    );
  }

  const snapshot = (egress: readonly string[]) =>
    snapshotOf({ version, sandboxes: { 'sbx-web': 'host-a', 'sbx-far': 'host-b' }, aliases: {}, egress });

  /** A version with one set of rules at host-a and another at host-b. Resolves with the flows cut, each once. */
  async function rules(here: readonly string[], there = here): Promise<readonly string[]> {
    version += 1;
    await rig.plane.publish(rig.agent.id, snapshot(here));
    await rig.plane.publish(exit.id, snapshot(there));
    const both = await Promise.all([rig.agent, exit].map(({ id }) => rig.plane.acknowledgementOf(id, version)));
    return [...new Set(both.flatMap(({ flowsCut }) => flowsCut))];
  }

  const get = (name: string) =>
    rig.in('sbx-web', 'curl', '-sS', '-m', '10', '--cacert', internet.certificate, `https://${name}/`);
  const refusals = (agent: AgentProcess) =>
    agent.log.filter(({ message }) => message === 'flow refused').map(({ flow }) => (flow as { code: string }).code);
  const arrivals = () => internet.heard('connection').map(({ from }) => String(from).replace('::ffff:', ''));

  /** A download that does not end by itself. */
  async function download(): Promise<ChildProcess> {
    const url = 'https://packages.example.com/endless';
    const before = internet.heard('request').length;
    const words = ['netns', 'exec', rig.namespaceOf('sbx-web'), 'curl', '-sN', '--cacert', internet.certificate, url];
    const child = rig.keep(spawn('ip', words, { stdio: ['ignore', 'pipe', 'ignore'] }));
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await waitFor('it is asked for', () => internet.heard('request').length > before);
    await waitFor('it brings bytes', () => bytes > 0);
    return child;
  }

  /** The exit's own verdict, and its checks by code. */
  async function ask(agent: AgentProcess, role: 'source' | 'target', from = 'sandbox:sbx-web') {
    const current = snapshot([BY_EXIT]);
    const { networkId } = current;
    const reply = parseDiagnoseReply(
      await rig.plane.diagnose(agent.id, {
        ...{ protocol: BUS_PROTOCOL, kind: 'outside-checks', role, networkId, epoch: rig.plane.epoch, version },
        ...{ hash: snapshotHash(current), from, name: 'packages.example.com', port: 443 },
      }),
    );
    if (reply.kind !== 'checks') return expect.fail(reply.kind);
    const checks = reply.checks.map(({ code, status, evidence }) => [code, `${status}: ${evidence}`] as const);
    return { effect: reply.effect, checks: new Map<string, string>(checks) };
  }

  it('reaches the server, which sees the exit: the exit resolves the name, at each dial', async () => {
    await rules([BY_EXIT, 'allow sandbox:sbx-web own.example.com 443']);
    expect(await get('packages.example.com')).to.deep.equal({ code: 0, output: 'packages' });
    expect(await get('packages.example.com')).to.deep.equal({ code: 0, output: 'packages' });
    await waitFor('the server has said that both arrived', () => arrivals().length >= 2);
    expect(arrivals()).to.deep.equal([HOST_B_THERE, HOST_B_THERE]);
    expect(internet.queries().filter((name) => name === 'packages.example.com')).to.have.length(4);
    // Its own host has no route out. That nothing falls back to the exit shows that the rule decides.
    expect((await get('own.example.com')).code).to.not.equal(0);
    expect(arrivals()).to.have.length(2);
  });

  it('is told by the checks of both: the exit resolves and dials, the source asks the exit', async () => {
    await rules([BY_EXIT]);
    const { checks: here, effect } = await ask(rig.agent, 'source');
    expect(effect).to.equal('allow');
    expect(here.get('PEER_REACHED')).to.contain('pass: agent host-b would accept a connection from sbx-web');
    expect(here.get('NAME_RESOLVES')).to.contain('skipped: the rule names another agent as the exit');
    const { checks: there } = await ask(exit, 'target');
    expect([...there.keys()]).to.have.members(['TOPOLOGY_APPLIED', 'POLICY', 'NAME_RESOLVES', 'TARGET_ACCEPTS']);
    expect(there.get('NAME_RESOLVES')).to.contain(`pass: packages.example.com resolves to ${PLACES.packages}`);
    expect(there.get('TARGET_ACCEPTS')).to.contain('pass');
    expect(there.get('POLICY')).to.contain('pass');
    // An agent has too few rules of foreign sandboxes to decide for everybody whom `any` matches.
    for (const [agent, role] of [
      [rig.agent, 'source'],
      [exit, 'target'],
    ] as const) {
      const ofAll = await ask(agent, role, 'any');
      expect(ofAll.effect).to.equal(null);
      expect(ofAll.checks.get('POLICY')).to.contain('pass');
    }
    await waitFor('the server has said that both checks of the exit dialled it', () => arrivals().length === 4);
  });

  it('is refused by the exit when its own copy does not allow it, and addresses inside are', async () => {
    const before = arrivals().length;
    await rules([BY_EXIT], []);
    expect((await get('packages.example.com')).code).to.not.equal(0);
    await waitFor('the source hears why', () => refusals(rig.agent).includes('DEFAULT_DENY'));
    const inside = 'allow sandbox:sbx-web inside.example.com 443 via=host-b';
    await rules([inside]);
    expect((await get('inside.example.com')).code).to.not.equal(0);
    await waitFor('both hear why', () => [rig.agent, exit].every((of) => refusals(of).includes('TARGET_FORBIDDEN')));
    expect(arrivals()).to.have.length(before);
    await rules([`${inside} private`]);
    expect((await get('inside.example.com')).output).to.equal('private');
  });

  it('is cut by a denial at both ends, and counted once', async () => {
    await rules([BY_EXIT]);
    const open = await download();
    expect(await rules([BY_EXIT, 'deny any *.example.com 443'])).to.have.length(1);
    await waitFor('curl has ended', () => open.exitCode !== null);
    await rules([BY_EXIT]);
    const moved = await download();
    expect(await rules(['allow sandbox:sbx-web packages.example.com 443'])).to.have.length(1);
    await waitFor('it does not outlive its exit', () => moved.exitCode !== null);
  });

  it('with the credential of another agent leads to what leaves from there for that agent, and nowhere else', async () => {
    await rules([
      BY_EXIT,
      ...['allow sandbox:sbx-web own.example.com 443', 'allow sandbox:sbx-far inside.example.com 443 private'],
    ]);
    const endpoints = (await exit.logged('joined the mesh')).endpoints as readonly string[];
    const thief = await startMeshMember({
      credentials: await rig.plane.meshCredentials(agentIdentity('host-a')),
      transport: directTransport({ listen: `${exitHost.machine}:0` }),
      listens: false,
      log: () => {},
    });
    try {
      thief.setPeers([peerNamed('host-b', endpoints)]);
      const { networkId } = snapshot([]);
      const open = (sandbox: string, name: string, port = 443): Promise<string> => {
        const source = { kind: 'sandbox', sandboxId: parseSandboxId(sandbox, 'sandbox') } as const;
        const alias = parseDestinationName(name, 'name');
        const request = { ...flowRequest({ source, version }), networkId, alias, port };
        return thief.open(exit.id, request, AbortSignal.timeout(10_000)).then(
          (flow) => {
            flow.on('error', () => {}).reset('ENDED');
            return 'OPENED';
          },
          (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
        );
      };
      const before = internet.queries().length;
      expect(await open('sbx-web', 'own.example.com')).to.equal('EXIT_NOT_HERE');
      expect(await open('sbx-web', 'inside.example.com')).to.equal('DEFAULT_DENY');
      expect(await open('sbx-web', 'anything.example.net')).to.equal('DEFAULT_DENY');
      expect(await open('sbx-web', 'packages.example.com', 22)).to.equal('DEFAULT_DENY');
      expect(await open('sbx-far', 'inside.example.com')).to.equal('SOURCE_NOT_ON_PEER');
      expect(internet.queries().length).to.equal(before);
      expect(await open('sbx-web', 'packages.example.com')).to.equal('OPENED');
    } finally {
      await thief.close();
    }
  });

  it('whose exit is away is refused with a code of its own, and takes no other way', async () => {
    await rules([BY_EXIT]);
    await exit.end('SIGTERM');
    const [queries, before] = [internet.queries().length, arrivals().length];
    expect((await get('packages.example.com')).code).to.not.equal(0);
    await waitFor('it is told', () => refusals(rig.agent).includes('EXIT_UNREACHABLE'));
    expect(internet.queries().length).to.equal(queries);
    expect(arrivals()).to.have.length(before);
    await start();
    await waitFor('it works again', async () => (await get('packages.example.com')).output === 'packages', 20_000);
  });
});
