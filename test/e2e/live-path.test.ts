import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LastGoodFiles } from '#apps/agent/topology/last-good.js';
import type { CheckDto, TestResultDto } from '#libs/contracts/http/diagnostics.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { AgentOverrides, clockOff, type Overriding } from '#test/support/agent-overrides.js';
import { curl, hold, namespaceOf } from '#test/support/sandboxes.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type Running, type RunningStack, ran, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const NOT_KNOWN = 5;
/** From a fault to the test that shows it: peers of a restarted agent must first be told of it. */
const SHOWN_WITHIN_MS = 25_000;
const API = 'http://api.dev.gstacks:8080';

interface Fault {
  readonly what: string;
  /** How agents are started. */
  readonly agents?: () => Overriding;
  /** Further set-up; resolves with a function that undoes it. */
  readonly bring?: () => Promise<() => unknown>;
  /** The flow that is tested; from web on host-a to api on host-b by default. */
  readonly from?: 'web' | 'worker' | 'local';
  readonly to?: string;
  /** The expected first failure, and its agent. */
  readonly fails: CheckDto['code'];
  readonly at: 'host-a' | 'host-b' | 'the local node';
  readonly evidence: RegExp;
  readonly remedy: RegExp;
  /** Other checks that fail. */
  readonly besides?: readonly CheckDto['code'][];
  /** Traffic still passes: only the isolation of sandboxes is broken. */
  readonly carries?: true;
}

interface Tested {
  readonly code: number | null;
  readonly result: TestResultDto;
}

async function networkTest(stack: RunningStack, ...question: readonly string[]): Promise<Tested> {
  const { code, stdout, stderr } = await stack.gstacks('network', 'test', 'dev', ...question, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, result: JSON.parse(stdout) };
}

/** A server in a sandbox, with Node's `listen` as output; the caller ends it. */
function serve(stack: RunningStack, sandbox: string, listen: string): Running {
  return stack.inSandbox(sandbox, process.execPath, '-e', `require('node:http').createServer().${listen}`);
}

describe('what breaks a connection fails network test, which says what it is', function () {
  this.timeout(90_000);
  const overrides = new AgentOverrides();
  let stack: RunningStack;
  let ready: {
    readonly natsUrl: string;
    readonly agents: readonly { readonly name: string; readonly meshEndpoint: string }[];
  };
  const servers: Running[] = [];

  before(async function () {
    this.timeout(180_000);
    stack = await startStack({ sandboxes: 'netns', env: overrides.env });
    ready = JSON.parse(readFileSync(join(stack.home, 'ready.json'), 'utf8'));
    await stack.json(['network', 'create', 'dev']);
    for (const [sandbox, ...aliases] of [
      ['sbx-web', 'web 8080'],
      ['sbx-worker', 'worker 80:8080'],
      ['sbx-api', 'api 8080', 'nobody 80:7000', 'inward 7001', 'six 7002', 'other 7003'],
    ] as const) {
      await stack.json(['network', 'attach', 'dev', sandbox]);
      for (const alias of aliases) {
        const [name = '', port = ''] = alias.split(' ');
        await stack.json(['network', 'alias', 'add', 'dev', sandbox, name, '--port', port]);
      }
    }
    for (const rule of [
      'local api 8080',
      'worker api 8080',
      'web api 8080',
      'web nobody 80',
      'web inward 7001',
      'web six 7002',
      'web other 7003',
    ]) {
      const [from = '', to = '', port = ''] = rule.split(' ');
      await allow(stack, 'dev', from, to, Number(port));
    }
    await ran('ip', ['-n', await namespaceOf(stack, 'sbx-api'), 'address', 'add', '10.99.0.1', 'dev', 'lo']);
    for (const listen of [
      "listen(7001, '127.0.0.1')",
      "listen({ port: 7002, host: '::', ipv6Only: true })",
      "listen(7003, '10.99.0.1')",
    ]) {
      servers.push(serve(stack, 'sbx-api', listen));
    }
    expect((await stack.gstacks('mesh', 'join', 'dev')).code).to.equal(0);
  });

  after(async () => {
    await stack?.gstacks('mesh', 'leave', 'dev');
    for (const { child } of servers) child.kill('SIGTERM');
    await stack?.remove();
    overrides.remove();
  });

  const endpointOf = (agent: string): string => ready.agents.find(({ name }) => name === agent)?.meshEndpoint ?? '';
  const addressOf = (agent: string): string => endpointOf(agent).split(':')[0] ?? '';
  const hostOf = async (sandbox: string): Promise<string> =>
    (await namespaceOf(stack, sandbox)).slice(0, -`.${sandbox}`.length);

  const advertising = (endpoint: () => string) => () => ({
    'host-b': { variables: { GLOBALSTACKS_MESH_DIRECT_ADVERTISE: endpoint() } },
  });
  const everyAddress = advertising(() => endpointOf('host-b').replace(/^.*:/, '0.0.0.0:'));

  const holding = (sandbox: string) => async (): Promise<() => Promise<unknown>> => {
    const held = await hold(stack, sandbox, `${API}/hold`, 2);
    return () => {
      for (const { child } of held) child.kill('SIGTERM');
      return Promise.all(held.map(({ ended }) => ended));
    };
  };
  const twoFlows = { variables: { GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX: '2' } };

  /** Packets from host-a to host-b are dropped; the bus and the control plane can still be reached. */
  async function blackhole(): Promise<() => Promise<unknown>> {
    const neighbour = ['-n', await hostOf('sbx-web'), 'neighbour'];
    const entry = [addressOf('host-b'), 'dev', 'uplink'];
    await ran('ip', [...neighbour, 'replace', ...entry, 'lladdr', '02:00:00:00:00:99', 'nud', 'permanent']);
    return () => ran('ip', [...neighbour, 'del', ...entry]);
  }

  /** As a reload of the host's firewall does it. The agent restores its rules by itself. */
  async function flushRules(): Promise<() => Promise<unknown>> {
    await ran('ip', ['netns', 'exec', await hostOf('sbx-worker'), 'nft', 'flush', 'ruleset']);
    return async () => {};
  }

  /** The sandbox's program restarts with another resolv.conf. */
  async function otherResolver(): Promise<() => Promise<unknown>> {
    const path = `/etc/netns/${await namespaceOf(stack, 'sbx-web')}/resolv.conf`;
    const text = readFileSync(path, 'utf8');
    const write = async (content: string) => {
      writeFileSync(path, content);
      const before = stack.pid('sbx-web');
      process.kill(before, 'SIGTERM');
      const successor = () => readdirSync(join(stack.home, 'run')).includes('sbx-web.pid') && stack.pid('sbx-web');
      await waitFor('sbx-web runs again', () => ![false, before].includes(successor()));
    };
    await write('nameserver 192.0.2.53\n');
    return () => write(text);
  }

  const faults: readonly Fault[] = [
    {
      what: 'nobody behind the port inside, which is not the published one',
      to: 'nobody:80',
      ...{ fails: 'TARGET_ACCEPTS', at: 'host-b' },
      evidence: /nothing listens on port 7000 in sbx-api; it listens on .*8080/,
      remedy: /7000/,
    },
    {
      what: 'a target on 127.0.0.1 only',
      to: 'inward:7001',
      ...{ fails: 'TARGET_ACCEPTS', at: 'host-b' },
      evidence: /sbx-api listens on 127\.0\.0\.1 only/,
      remedy: /0\.0\.0\.0:7001/,
    },
    {
      what: 'a target on IPv6 only',
      to: 'six:7002',
      ...{ fails: 'TARGET_ACCEPTS', at: 'host-b' },
      evidence: /sbx-api listens on \[::\] only/,
      remedy: /0\.0\.0\.0:7002/,
    },
    {
      what: 'a target on another of its addresses',
      to: 'other:7003',
      ...{ fails: 'TARGET_ACCEPTS', at: 'host-b' },
      evidence: /sbx-api listens on 10\.99\.0\.1 only/,
      remedy: /0\.0\.0\.0:7003/,
    },
    {
      what: 'a blackholed peer, with a session open',
      bring: blackhole,
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /CONNECT_TIMEOUT|PEER_SILENT|no session was established within/,
      remedy: /runs/,
    },
    {
      what: 'a target agent that is stopped',
      bring: async () => {
        const pid = stack.pid('agent-host-b');
        await stopProcesses(pid);
        return () => process.kill(pid, 'SIGCONT');
      },
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /CONNECT_TIMEOUT|PEER_SILENT|no session was established within/,
      remedy: /runs/,
    },
    {
      what: 'a source whose program asks another resolver',
      bring: otherResolver,
      ...{ fails: 'USES_AGENT_DNS', at: 'host-a' },
      evidence: /in sbx-web asks 192\.0\.2\.53 for api\.dev\.gstacks/,
      remedy: /set its resolver to 10\./,
    },
    {
      what: 'a source at its limit of flows, at its own agent',
      agents: () => ({ 'host-a': twoFlows }),
      bring: holding('sbx-web'),
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /this agent refuses a connection from sbx-web: FLOW_LIMIT/,
      remedy: /GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX/,
    },
    {
      what: 'a blackholed peer, to be dialled',
      agents: () => ({ 'host-a': {} }),
      bring: blackhole,
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /CONNECT_TIMEOUT|no session was established within/,
      remedy: /drops its packets|open from this host/,
    },
    ...(['host-a', 'host-b'] as const).flatMap((agent): readonly Fault[] =>
      ['+2h', '-2h'].map(
        (by): Fault => ({
          what: `${agent} started again with its clock off by ${by}`,
          agents: () => ({ [agent]: { variables: clockOff(by) } }),
          ...{ fails: 'MESH_JOINED', at: agent },
          evidence: /its certificate is valid from .* and its clock shows/,
          remedy: /set the clock/,
          besides: ['PEER_REACHED'],
        }),
      ),
    ),
    {
      what: 'a target agent that advertises 0.0.0.0',
      agents: everyAddress,
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /at 0\.0\.0\.0:.*PEER_UNREACHABLE/,
      remedy: /GLOBALSTACKS_MESH_DIRECT_ADVERTISE of agent host-b/,
    },
    {
      what: 'a target agent that advertises 0.0.0.0, for a local node',
      agents: everyAddress,
      from: 'local',
      ...{ fails: 'PEER_REACHED', at: 'the local node' },
      evidence: /at 0\.0\.0\.0:.*PEER_UNREACHABLE/,
      remedy: /GLOBALSTACKS_MESH_DIRECT_ADVERTISE of agent host-b/,
    },
    {
      what: "a target agent that advertises another agent's endpoint",
      agents: advertising(() => endpointOf('host-a')),
      from: 'local',
      ...{ fails: 'PEER_REACHED', at: 'the local node' },
      evidence: /PEER_IDENTITY_MISMATCH/,
      remedy: /host-b/,
    },
    {
      what: 'a target agent that advertises what is no mesh',
      agents: advertising(() => new URL(ready.natsUrl).host),
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /PEER_NOT_TRUSTED/,
      remedy: /same store/,
    },
    {
      what: 'a target agent that advertises a port where nobody listens',
      agents: advertising(() => `${addressOf('host-b')}:9`),
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /PEER_UNREACHABLE.*ECONNREFUSED/,
      remedy: /open from this host/,
    },
    {
      what: "a source at its limit of flows, at the target's agent",
      agents: () => ({ 'host-b': twoFlows }),
      bring: holding('sbx-web'),
      ...{ fails: 'PEER_REACHED', at: 'host-a' },
      evidence: /agent host-b refuses a connection from sbx-web: FLOW_LIMIT/,
      remedy: /GLOBALSTACKS_AGENT_FLOWS/,
    },
    {
      what: 'a source at its limit of flows, on the host of the target',
      agents: () => ({ 'host-b': twoFlows }),
      bring: holding('sbx-worker'),
      from: 'worker',
      ...{ fails: 'PEER_REACHED', at: 'host-b' },
      evidence: /this agent refuses a connection from sbx-worker: FLOW_LIMIT/,
      remedy: /GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX/,
    },
    {
      what: 'a source whose host has lost its rules',
      bring: flushRules,
      from: 'worker',
      ...{ fails: 'ISOLATED', at: 'host-b' },
      evidence: /isolation of sbx-worker is broken: LINK_RULES_CHANGED/,
      remedy: /flush ruleset/,
      carries: true,
    },
  ];

  const where = ({ agentId, nodeId }: CheckDto): string | null => (nodeId === null ? agentId : 'the local node');

  it('finds nothing wrong where nothing is broken', async () => {
    for (const from of ['web', 'worker', 'local']) {
      const { code, result } = await networkTest(stack, from, 'api:8080');
      expect(code, JSON.stringify(result.firstFailure)).to.equal(0);
      expect(result.checks.filter(({ status }) => status === 'fail' || status === 'unknown')).to.deep.equal([]);
    }
  });

  for (const { what, agents, bring, from = 'web', to = 'api:8080', ...expected } of faults) {
    it(`${what}: ${expected.fails} at ${expected.at}`, async () => {
      await overrides.become(stack, agents?.() ?? {});
      const undo = await bring?.();
      try {
        let last: Tested | null = null;
        const isShown = ({ code, result: { firstFailure: first } }: Tested): boolean =>
          code === NOT_KNOWN &&
          first?.status === 'fail' &&
          first.code === expected.fails &&
          where(first) === expected.at &&
          expected.evidence.test(first.evidence);
        const shown = await waitFor(
          `${expected.fails} at ${expected.at} is the first failure`,
          async () => {
            last = await networkTest(stack, from, to);
            return isShown(last) && last;
          },
          SHOWN_WITHIN_MS,
        ).catch((error: unknown) => {
          throw new Error(`${String(error)}; last: ${JSON.stringify(last, null, 1)}`);
        });
        const { firstFailure, checks } = shown.result;
        expect(firstFailure?.remedy, firstFailure?.evidence).to.match(expected.remedy);
        for (const code of expected.besides ?? []) {
          expect(checks.find((check) => check.code === code)?.status, code).to.equal('fail');
        }
        const people = await stack.gstacks('network', 'test', 'dev', from, to);
        expect(people.code).to.equal(NOT_KNOWN);
        expect(people.stdout).to.contain('first failure: ').and.not.contain('no check failed');
        if (from === 'local') return;
        const dialled = await curl(stack, `sbx-${from}`, `http://${to.replace(':', '.dev.gstacks:')}/`);
        expect(dialled.code === 0, `a real dial: ${dialled.stderr}`).to.equal(expected.carries === true);
      } finally {
        await undo?.();
      }
    });
  }

  it('finds nothing wrong once everything is put right', async () => {
    // The agent loads its rules again when it starts.
    await overrides.become(stack, { 'host-b': {} });
    for (const from of ['web', 'worker', 'local']) {
      const passes = async () => (await networkTest(stack, from, 'api:8080')).code === 0;
      await waitFor(`${from} passes`, passes, SHOWN_WITHIN_MS);
    }
  });

  it('agents that allow what the control plane denies: their POLICY, whatever was expected', async () => {
    const rule = ['--from', 'web', '--to', 'api', '--port', '8080'];
    await stack.json(['network', 'policy', 'deny', 'dev', ...rule, '--wait']);
    expect((await networkTest(stack, 'web', 'api:8080', '--expect', 'deny')).code).to.equal(0);
    for (const agent of ['host-a', 'host-b'] as const) {
      await overrides.restart(stack, agent, () => withoutDenials(join(stack.home, 'agents', agent, 'networks')));
    }
    await waitFor('traffic passes', async () => (await curl(stack, 'sbx-web', `${API}/`)).code === 0);
    for (const expectation of [[], ['--expect', 'deny'], ['--expect', 'allow']]) {
      const { code, result } = await networkTest(stack, 'web', 'api:8080', ...expectation);
      expect(code).to.equal(NOT_KNOWN);
      expect(result.verdict).to.include({ effect: 'deny', reason: 'EXPLICIT_DENY' });
      expect(result.disagreements.map(({ agentId }) => agentId)).to.deep.equal(['host-a', 'host-b']);
      expect(result.firstFailure).to.include({ code: 'POLICY', status: 'fail', agentId: 'host-a' });
      expect(result.firstFailure?.evidence).to.match(/ALLOWED.*the control plane decides deny/);
      const applied = result.checks.filter((check) => check.code === 'TOPOLOGY_APPLIED');
      expect(applied.map(({ status }) => status)).to.deep.equal(['fail', 'fail']);
    }
  });
});

/** The agent's last-good versions lose every deny, but are otherwise valid. */
async function withoutDenials(folder: string): Promise<void> {
  const files = new LastGoodFiles(folder);
  const { networks } = await files.load(new Date());
  for (const { held, ...others } of networks) {
    const rules = held.snapshot.rules.filter(({ effect }) => effect === 'allow');
    const snapshot = { ...held.snapshot, rules };
    await files.save({ held: { ...held, snapshot, hash: snapshotHash(snapshot) }, ...others });
  }
}

describe('what breaks a connection between processes of one machine fails network test too', function () {
  this.timeout(60_000);
  let stack: RunningStack;

  before(async function () {
    this.timeout(120_000);
    stack = await startStack({ sandboxes: 'static' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:80:8080' });
    await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'nobody', '--port', '80:7000']);
    for (const to of ['api', 'nobody']) {
      const rule = ['--from', 'web', '--to', to, '--port', '80'];
      await stack.json(['network', 'policy', 'allow', 'dev', ...rule, '--wait']);
    }
  });

  after(async () => {
    await stack?.remove();
  });

  it('and what a driver cannot see fails nothing', async () => {
    const { code, result } = await networkTest(stack, 'web', 'api:80');
    expect(code, JSON.stringify(result.firstFailure)).to.equal(0);
    const skipped = result.checks.filter(({ status }) => status === 'skipped');
    expect(skipped.map((check) => check.code)).to.deep.equal(['USES_AGENT_DNS', 'ISOLATED']);
    for (const { evidence } of skipped) expect(evidence).to.match(/the driver static|any process on the host/);
  });

  it('nobody behind the port inside: TARGET_ACCEPTS at host-b', async () => {
    const { code, result } = await networkTest(stack, 'web', 'nobody:80');
    expect(code).to.equal(NOT_KNOWN);
    expect(result.firstFailure).to.include({ code: 'TARGET_ACCEPTS', status: 'fail', agentId: 'host-b' });
    expect(result.firstFailure?.evidence).to.match(/nothing listens on 127\./);
    expect(result.firstFailure?.remedy).to.contain(
      'alias add dev sbx-api nobody --port 80:<port inside> --replace-ports',
    );
  });

  it('no dial reaches a target that the policy denies', async () => {
    const { code, result } = await networkTest(stack, 'api', 'web:8080', '--expect', 'deny');
    expect(code).to.equal(0);
    const accepts = result.checks.find((check) => check.code === 'TARGET_ACCEPTS');
    expect(accepts).to.include({ status: 'skipped', agentId: 'host-a' });
  });
});
