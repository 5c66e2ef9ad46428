import { expect } from 'chai';
import { loadTopologySigner } from '#libs/bus/signing.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

describe('a network with the name of one that was deleted', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;

  beforeEach(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-web']);
    hostB = await controlPlane.agent('host-b', ['sbx-api']);
    await call('POST', '/v1/networks', { name: 'dev' });
    await attach('sbx-web');
    await attach('sbx-api');
  });

  afterEach(() => controlPlane.end());

  const call = (method: string, path: string, body?: unknown) => controlPlane.call(method, path, body);
  const proof = async (kind: 'applied' | 'held', version: unknown, waitSeconds: number) =>
    (await call('GET', `/v1/networks/dev/${kind}/${version}?waitSeconds=${waitSeconds}`)).body;
  const applied = (version: unknown, waitSeconds = 5) => proof('applied', version, waitSeconds);

  async function attach(sandboxId: string): Promise<void> {
    const { body } = await call('POST', '/v1/networks/dev/attachments', { sandboxId });
    const { confirmed, expected } = await applied(body.version);
    expect(confirmed).to.equal(expected);
  }

  async function deleteAndCreate(): Promise<void> {
    await call('DELETE', '/v1/networks/dev?detachAll=true');
    expect((await call('POST', '/v1/networks', { name: 'dev' })).body).to.include({ version: 1 });
  }

  it('is proven once every agent has let go of the earlier one', async () => {
    hostB.stop();
    await deleteAndCreate();
    const first = await applied(1, 0);
    expect(first).to.include({ confirmed: 0, expected: 1 });
    const [agent] = first.agents as readonly Record<string, unknown>[];
    expect(agent).to.include({ agentId: 'host-b', status: 'PENDING', appliedVersion: null });
    expect(agent?.reason).to.include('it may still serve the network dev that was deleted (version 6)');
    // And where a write finds that it is so already.
    expect(await proof('held', 1, 0)).to.include({ confirmed: 0, expected: 1 });
    // Of later versions too, also where the agent takes part in the new network.
    const { body } = await call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    expect(await applied(body.version, 0)).to.include({ confirmed: 0, expected: 1 });
    const waiting = [applied(1, 30), applied(body.version, 30), proof('held', body.version, 30)];
    const began = performance.now();
    hostB.goOn();
    expect(await Promise.all(waiting)).to.satisfy((proofs: readonly { confirmed: number; expected: number }[]) =>
      proofs.every(({ confirmed, expected }) => confirmed === expected),
    );
    expect(performance.now() - began).to.be.lessThan(10_000);
  });

  it('is not proven by an agent that was not heard since the control plane started, until it is heard', async () => {
    await hostB.close();
    await deleteAndCreate();
    await controlPlane.stop();
    await controlPlane.startAgain();
    await hostA.contact('heartbeat');
    const [agent, ...others] = (await applied(1, 0)).agents as readonly Record<string, unknown>[];
    expect(others).to.deep.equal([]);
    expect(agent).to.include({ agentId: 'host-b', status: 'UNKNOWN' });
    await hostB.connect();
    await waitFor('host-b takes up the deletion', async () => (await applied(1, 0)).expected === 0);
  });

  it('waits for no agent that acknowledged the deletion to an earlier process, and is away since', async () => {
    const deletion = (await call('DELETE', '/v1/networks/dev?detachAll=true')).body;
    expect(await applied(deletion.version)).to.include({ confirmed: 2, expected: 2 });
    await Promise.all([hostA.close(), hostB.close()]);
    await controlPlane.stop();
    await controlPlane.startAgain();
    await call('POST', '/v1/networks', { name: 'dev' });
    expect(await applied(1, 0)).to.include({ confirmed: 0, expected: 0 });
  });

  it('waits for no agent that was revoked', async () => {
    hostB.stop();
    await deleteAndCreate();
    expect((await call('DELETE', '/v1/agents/host-b')).status).to.equal(200);
    expect(await applied(1)).to.include({ confirmed: 0, expected: 0 });
  });

  it('is proven although an agent is ahead of the deletion, which is sent to it as a denial is', async () => {
    const [held] = hostB.held.values();
    if (held === undefined) throw new Error('host-b holds nothing');
    // The store was restored from a copy that lacks version 4, and deletes the network before it hears of that.
    const lost = signed(hostB, held.networkId, held.epoch, 4);
    await hostB.close();
    await deleteAndCreate();
    hostB.held.set(held.networkId, lost.version);
    await controlPlane.stop();
    await controlPlane.startAgain();
    await hostA.contact('heartbeat');
    await hostB.connect();
    expect(await applied(1, 10)).to.include({ confirmed: 0, expected: 0 });
    expect(hostB.received.at(-1)?.snapshot).to.include({ networkId: held.networkId, participates: false });
  });

  it('is not proven while an agent serves one of that name that is not in the store', async () => {
    const [held] = hostB.held.values();
    if (held === undefined) throw new Error('host-b holds nothing');
    await deleteAndCreate();
    expect(await applied(1)).to.include({ expected: 0 });
    const strange = signed(hostB, parseNetworkId('abcdef', 'network'), held.epoch, 9);
    hostB.held.set('abcdef', strange.version);
    hostB.serveDiagnose(async () => ({
      ...{ protocol: BUS_PROTOCOL, kind: 'held' },
      held: { version: strange.version, part: { index: 0, count: 1 }, body: strange.text },
    }));
    await hostB.contact('heartbeat');
    const found = await waitFor('the name is known', async () => {
      const answer = await applied(1, 0);
      return answer.expected === 1 && answer;
    });
    const [agent] = found.agents as readonly Record<string, unknown>[];
    expect(agent).to.include({ agentId: 'host-b', status: 'FAILED' });
    expect(agent?.reason).to.match(/^it serves a network dev that is not in this store: EPOCH_REGRESSED: /);
  });

  /** A version as a lost history of this store had it. */
  function signed(
    agent: SimulatedAgent,
    networkId: ReturnType<typeof parseNetworkId>,
    epoch: { readonly counter: number; readonly id: string },
    version: number,
  ) {
    const snapshot = snapshotOf({
      ...{ networkId, name: 'dev', version },
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
      aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
      allow: [],
    });
    const hash = snapshotHash(snapshot);
    const signer = loadTopologySigner(controlPlane.nats.keysFolder);
    const signature = signer.sign(agent.agentId, { epoch, networkId, to: version, hash });
    return { version: { networkId, epoch, version, hash, signature }, text: snapshotText(snapshot) };
  }
});
