import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { parseAgentId, parseAliasName, parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import type { ProbeOutcome } from '#libs/data-plane/data-plane.js';
import type { FlowSource } from '#libs/policy/model.js';
import { FlowRig, HOST_A, HOST_B, PATHS, type RigOptions } from '#test/support/flow-rig.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

let rig: FlowRig;

async function start(options: Partial<RigOptions> = {}): Promise<void> {
  rig = await FlowRig.start({
    target: 'other host',
    serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
    ...options,
  });
}

const web: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') };
const ada = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') } as const;

function probe(source: FlowSource = web, signal = AbortSignal.timeout(5_000)): Promise<ProbeOutcome> {
  const alias = parseAliasName('api', 'alias');
  return rig.hostA.probe({ networkId: TEST_NETWORK, alias, port: rig.route.port, source }, signal);
}

async function openFlow(): Promise<Socket> {
  const client = rig.connect();
  client.write('hello');
  await once(client, 'data');
  return client;
}

function brief(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'taken':
      return `taken by ${outcome.agentId} at ${outcome.version}`;
    case 'refused here':
      return `refused here: ${outcome.code}`;
    case 'refused there':
      return `refused by ${outcome.agentId} at ${outcome.version}: ${outcome.code}`;
    case 'unreachable':
      return `${outcome.agentId} unreachable: ${outcome.code}`;
    case 'not known there':
      return `not known by ${outcome.agentId}`;
  }
}

for (const { name, ...path } of PATHS) {
  const agentId = path.target === 'same host' ? HOST_A : HOST_B;

  describe(`a probe of a flow to a target ${name}`, () => {
    afterEach(() => rig.close());

    it('is taken where a flow would be, and the sandbox hears nothing', async () => {
      await start(path);
      rig.apply(rig.view(4));
      expect(brief(await probe())).to.equal(`taken by ${agentId} at 4`);
      expect(rig.targets).to.have.length(0);
    });

    it('leaves no trace: no flow, no record, no cut, and no share of any limit', async () => {
      await start({ ...path, limits: { flowsPerSource: 2, flows: 2 } });
      rig.apply(rig.view(4));
      await openFlow();
      const records = rig.records.length;
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => probe()));
      expect(new Set(outcomes.map(brief))).to.deep.equal(new Set([`taken by ${agentId} at 4`]));
      expect(rig.records).to.have.length(records);
      await openFlow();
      const flowIds = new Set([...rig.hostA.flows(), ...rig.hostB.flows()].map(({ flowId }) => flowId));
      expect(flowIds.size).to.equal(2);
      const inFlight = probe();
      expect(rig.apply(rig.denyingView(5))).to.have.members([...flowIds]);
      await inFlight;
      expect([...rig.hostA.flows(), ...rig.hostB.flows()]).to.deep.equal([]);
    });

    for (const limits of [{ flowsPerSource: 2 }, { flows: 2 }]) {
      it(`is refused for a source at its limit, and only then: ${JSON.stringify(limits)}`, async () => {
        await start({ ...path, limits });
        rig.apply(rig.view(4));
        const first = await openFlow();
        expect(brief(await probe())).to.equal(`taken by ${agentId} at 4`);
        await openFlow();
        expect(brief(await probe())).to.equal('refused here: FLOW_LIMIT');
        first.resetAndDestroy();
        await waitFor('the first flow is forgotten', () => rig.hostA.flows().every(({ state }) => state === 'open'));
        await waitFor('there is room again', async () => (await probe()).kind === 'taken');
      });
    }

    it('is refused by the policy, by a network that is not held, and out of contact', async () => {
      let fresh = true;
      await start({ ...path, isFresh: () => fresh });
      expect(brief(await probe())).to.equal('refused here: NETWORK_UNKNOWN');
      rig.apply(rig.view(4, { allow: [] }));
      expect(brief(await probe())).to.equal('refused here: DEFAULT_DENY');
      rig.apply(rig.denyingView(5));
      expect(brief(await probe())).to.equal('refused here: EXPLICIT_DENY');
      rig.apply(rig.view(6));
      fresh = false;
      expect(brief(await probe())).to.equal('refused here: STALE');
    });

    it('is refused for a sandbox that is not here', async () => {
      await start(path);
      rig.apply(rig.view(4, { sandboxes: { 'sbx-gone': 'host-a', 'sbx-web': 'host-a', 'sbx-api': agentId } }));
      const gone: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-gone', 'sandbox') };
      expect(brief(await probe(gone))).to.equal('refused here: SOURCE_NOT_HERE');
    });
  });
}

describe('a probe of a flow to another host', () => {
  afterEach(() => rig.close());

  const apply = (versionA: number, versionB: number, change: Parameters<FlowRig['view']>[1] = {}) => {
    rig.hostA.apply(TEST_NETWORK, rig.view(versionA));
    rig.hostB.apply(TEST_NETWORK, rig.view(versionB, change));
  };

  it("is refused by the target's policy, limits and freshness as a flow would be", async () => {
    let fresh = true;
    const settings = {
      limitsAt: { 'host-b': { flowsPerSource: 1 } },
      isFreshAt: (agent: string) => agent !== 'host-b' || fresh,
    };
    await start(settings);
    apply(4, 4);
    await openFlow();
    expect(brief(await probe())).to.equal('refused by host-b at 4: FLOW_LIMIT');
    await rig.close();
    await start(settings);
    apply(4, 4);
    fresh = false;
    expect(brief(await probe())).to.equal('refused by host-b at 4: STALE');
    fresh = true;
    apply(4, 4, { allow: [] });
    expect(brief(await probe())).to.equal('refused by host-b at 4: DEFAULT_DENY');
  });

  it('waits for the end that is behind, as a flow does', async () => {
    await start();
    apply(4, 4);
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(5));
    expect(brief(await probe()), 'the source does not catch up').to.equal('refused by host-b at 5: EXPLICIT_DENY');
    const asked = probe();
    await waitFor('the source asks for version 5', () => rig.syncs.filter(({ at }) => at === HOST_A).length === 2);
    rig.hostB.apply(TEST_NETWORK, rig.view(6));
    rig.hostA.apply(TEST_NETWORK, rig.view(6));
    expect(brief(await asked)).to.equal('taken by host-b at 6');
    rig.hostA.apply(TEST_NETWORK, rig.view(7));
    const behind = probe();
    await waitFor('the target asks for version 7', () => rig.syncs.some(({ at }) => at === HOST_B));
    rig.hostB.apply(TEST_NETWORK, rig.view(7));
    expect(brief(await behind)).to.equal('taken by host-b at 7');
  });

  it('is decided again by a source that has caught up with a target that took it', async () => {
    await start();
    apply(4, 5);
    const asked = probe();
    await waitFor('the source asks for version 5', () => rig.syncs.some(({ at }) => at === HOST_A));
    rig.hostA.apply(TEST_NETWORK, rig.denyingView(5));
    expect(brief(await asked)).to.equal('refused here: EXPLICIT_DENY');
  });

  it('is refused for a target that is elsewhere, is not placed, or that the driver does not report', async () => {
    await start();
    apply(4, 4, { sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-c' } });
    expect(brief(await probe())).to.equal('refused by host-b at 4: TARGET_NOT_HERE');
    const ghost = {
      sandboxes: { 'sbx-web': 'host-a', 'sbx-ghost': 'host-b' },
      aliases: { api: { sandbox: 'sbx-ghost', ports: [rig.route.port] } },
    };
    rig.apply(rig.view(5, ghost));
    expect(brief(await probe())).to.equal('refused by host-b at 5: TARGET_NOT_HERE');
    rig.apply(rig.view(6, { ...ghost, sandboxes: { 'sbx-web': 'host-a', 'sbx-ghost': 'host-a' } }));
    expect(brief(await probe())).to.equal('refused here: TARGET_NOT_HERE');
  });

  it('reaches nobody where a flow would not', async () => {
    await start();
    rig.apply(rig.view(4, { sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-c' } }));
    const outcome = await probe();
    expect(brief(outcome)).to.equal(`${parseAgentId('host-c', 'agent')} unreachable: PEER_UNREACHABLE`);
  });

  it('gives up at its deadline, at both ends', async () => {
    await start({ limits: { syncHoldMs: 60_000 } });
    apply(5, 4);
    const leaving = new AbortController();
    const asked = probe(web, leaving.signal);
    await waitFor('the target waits for version 5', () => rig.syncs.some(({ at }) => at === HOST_B));
    leaving.abort();
    expect(brief(await asked)).to.equal('host-b unreachable: CONNECT_TIMEOUT');
    const late = new AbortController();
    apply(4, 5);
    const accepted = probe(web, late.signal);
    await waitFor('the source waits for version 5', () => rig.syncs.some(({ at }) => at === HOST_A));
    late.abort();
    expect(brief(await accepted), 'the target has said yes').to.equal('host-b unreachable: CONNECT_TIMEOUT');
    expect(brief(await probe(web, leaving.signal)), 'at once').to.contain('CONNECT_TIMEOUT');
  });

  it('is over when the host closes', async () => {
    await start({ limits: { syncHoldMs: 60_000 } });
    apply(5, 4);
    const asked = probe();
    await waitFor('the target waits for version 5', () => rig.syncs.some(({ at }) => at === HOST_B));
    await rig.hostA.close();
    expect(brief(await asked)).to.equal('host-b unreachable: SHUTTING_DOWN');
  });

  it('of a local node is refused unless it is admitted', async () => {
    let admitted = false;
    await start({ admitsLocal: () => admitted });
    const rule = { allow: [`local api ${rig.route.port}`] };
    rig.apply(rig.view(4, rule));
    const ask = () =>
      new Promise<string>((resolve) => {
        rig.hostB.acceptProbe({
          request: {
            ...{ flowId: rig.newFlowId(), networkId: TEST_NETWORK, alias: parseAliasName('api', 'alias') },
            ...{ port: rig.route.port, source: ada, version: 4 },
          },
          peer: ada,
          signal: new AbortController().signal,
          confirm: (version) => resolve(`confirmed at ${version}`),
          refuse: (code, _message, version) => resolve(`tried and refused at ${version}: ${code}`),
          refuseUntried: (code, _message, version) => resolve(`refused at ${version}: ${code}`),
        });
      });
    expect(await ask()).to.equal('refused at 4: LOCAL_NODE_NOT_ADMITTED');
    admitted = true;
    expect(await ask()).to.equal('confirmed at 4');
    expect(rig.hostB.flows()).to.deep.equal([]);
  });
});

describe('a dial that tries a target', () => {
  afterEach(() => rig.close());
  const api = parseSandboxId('sbx-api', 'sandbox');
  const signal = () => AbortSignal.timeout(5_000);

  it('is no flow, and says why a target is not there', async () => {
    await start({ target: 'same host' });
    expect(await rig.hostA.dialTarget(api, rig.targetPort, signal())).to.equal(null);
    const [taken] = await waitFor('the target takes it', () => rig.targets.length === 1 && rig.targets);
    await waitFor('and sees its end', () => taken?.readableEnded);
    const port = rig.targetPort;
    rig.server.close();
    const refused = await rig.hostA.dialTarget(api, port, signal());
    expect(refused).to.include({ code: 'TARGET_REFUSED' });
    const gone = await rig.hostA.dialTarget(parseSandboxId('sbx-gone', 'sandbox'), 80, signal());
    expect(gone).to.include({ code: 'TARGET_NOT_HERE' });
    expect(rig.hostA.flows()).to.deep.equal([]);
    expect(rig.records).to.deep.equal([]);
  });
});
