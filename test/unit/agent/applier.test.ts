import { expect } from 'chai';
import { Applier, type ApplierPorts } from '#apps/agent/topology/applier.js';
import type { LastGood } from '#apps/agent/topology/last-good.js';
import { Settling } from '#apps/agent/topology/settling.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { type FlowId, parseAgentId, parseFlowId } from '#libs/contracts/ids.js';
import type { RouteFailure } from '#libs/data-plane/data-plane.js';
import { createAddressPool } from '#libs/data-plane/proxy/address-pool.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { HeldNetworks } from '#libs/member/held-networks.js';
import { leavingSnapshot, snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const HOST_A = parseAgentId('host-a', 'agent');
const NOW = new Date('2026-01-02T03:04:05Z');
const flow = (digit: string): FlowId => parseFlowId(digit.repeat(32), 'flow');

function held(
  version: number,
  aliases: readonly string[],
  networkId = '0a',
  epoch = { counter: 1, id: 'one' },
): HeldNetwork {
  const snapshot = snapshotOf({
    networkId,
    name: `net-${networkId}`,
    version,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-far': 'host-b' },
    aliases: Object.fromEntries(aliases.map((alias) => [alias, { sandbox: 'sbx-far', ports: [8080] }])),
  });
  return { epoch, hash: `hash-${version}`, signature: `signature-${version}`, snapshot };
}

/** Ports that write down what is asked of them, and fail or wait where a test says so. */
class Recorder {
  readonly steps: string[] = [];
  readonly acknowledged: AppliedMessage[] = [];
  readonly saved: LastGood[] = [];
  readonly later: (() => void)[] = [];
  cuts: readonly FlowId[] = [];
  unanswered: AppliedMessage[] = [];
  failOpen: (alias: string) => string | null = () => null;
  namesOf = new Map<string, () => Promise<void>>();
  saveFails = false;
  readonly applier: Applier;

  constructor() {
    const pool = createAddressPool('127.77.0.0/24');
    const settling = new Settling({
      agentId: HOST_A,
      addresses: {
        assign: (networkId, alias) => pool.assign(networkId, alias, 0),
        addressOf: (networkId, alias) => pool.addressOf(networkId, alias),
        release: (networkId, alias) => pool.release(networkId, alias, 0),
        save: async () => {},
      },
      listeners: {
        open: async (routes) => {
          this.steps.push(`open ${routes.map(({ alias }) => alias)}`);
          return routes.flatMap((route): RouteFailure[] => {
            const code = this.failOpen(route.alias);
            return code === null ? [] : [{ route, code, message: code }];
          });
        },
        retain: async (routes) => void this.steps.push(`retain ${routes.map(({ alias }) => alias).sort()}`),
      },
      publishNames: async (networkId, names) => {
        await this.namesOf.get(networkId)?.();
        const unserved = names === null || names.unserved.length === 0 ? '' : `, not ${names.unserved}`;
        this.steps.push(`names ${names === null ? 'none' : names.records.map(({ alias }) => alias)}${unserved}`);
      },
    });
    const ports: ApplierPorts = {
      held: new HeldNetworks(),
      flows: {
        apply: (networkId, view) => {
          this.steps.push(`policy ${networkId} ${view?.version ?? 'none'}`);
          return this.cuts;
        },
      },
      settling,
      store: {
        save: async (lastGood) => {
          if (this.saveFails) throw new Error('disk full');
          this.steps.push(`save ${lastGood.held.snapshot.version}`);
          this.saved.push(lastGood);
        },
      },
      acknowledgements: {
        add: (message) => {
          this.steps.push(`acknowledge ${message.to}`);
          this.acknowledged.push(message);
        },
        unanswered: () => this.unanswered,
      },
      now: () => NOW,
      later: (work) => {
        this.later.push(work);
        return { cancel: () => {} };
      },
      report: () => {},
    };
    this.applier = new Applier(ports);
  }

  /** Takes a version and waits until it is acknowledged. */
  async applied(network: HeldNetwork): Promise<AppliedMessage> {
    this.applier.take(network);
    const { version } = network.snapshot;
    return waitFor(`version ${version}`, () => this.acknowledged.find(({ to }) => to === version));
  }
}

describe('applying a version', () => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = new Recorder();
  });

  it('goes policy, new listeners, names, old listeners, disk, acknowledgement', async () => {
    await recorder.applied(held(1, ['api', 'old']));
    recorder.steps.length = 0;
    await recorder.applied(held(2, ['api', 'new']));
    expect(recorder.steps).to.deep.equal([
      'policy 0a 2',
      'open api,new',
      'names api,new',
      'retain api,new',
      'save 2',
      'acknowledge 2',
    ]);
    expect(recorder.acknowledged.at(-1)).to.deep.include({
      from: 1,
      to: 2,
      hash: 'hash-2',
      appliedAt: NOW.toISOString(),
    });
  });

  it('settles a version that comes while another is just done', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const [first, second] = [held(1, ['api'], `${turns + 10}`), held(2, ['api'], `${turns + 10}`)];
      const before = recorder.acknowledged.length;
      recorder.applier.take(first);
      while (recorder.acknowledged.length === before) await Promise.resolve();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      recorder.applier.take(second);
      await waitFor(
        `version 2, taken ${turns} turns after version 1 was acknowledged`,
        () => recorder.acknowledged.length === before + 2,
        1_000,
      );
    }
  });

  it('puts policy in force and cuts before take returns, whatever is under way', async () => {
    let release = (): void => {};
    recorder.namesOf.set('0a', () => new Promise((resolve) => (release = resolve)));
    recorder.applier.take(held(1, ['api']));
    recorder.applier.take(held(2, ['api']));
    recorder.applier.take(held(1, ['api'], '0b'));
    expect(recorder.steps.filter((step) => step.startsWith('policy'))).to.deep.equal([
      'policy 0a 1',
      'policy 0a 2',
      'policy 0b 1',
    ]);
    await waitFor('the other network does not wait', () =>
      recorder.acknowledged.some(({ networkId }) => networkId === '0b'),
    );
    expect(recorder.acknowledged).to.have.length(1);
    recorder.namesOf.clear();
    release();
    await waitFor('both', () => recorder.acknowledged.some(({ to }) => to === 2));
  });

  it('skips a version that was overtaken before its turn, and keeps the flows it cut', async () => {
    let release = (): void => {};
    recorder.namesOf.set('0a', () => new Promise((resolve) => (release = resolve)));
    recorder.applier.take(held(1, ['api']));
    recorder.cuts = [flow('a')];
    recorder.applier.take(held(2, ['api']));
    recorder.cuts = [flow('b')];
    recorder.applier.take(held(3, ['api']));
    recorder.namesOf.clear();
    await waitFor('names are asked for', () => recorder.steps.includes('open api'));
    release();
    await waitFor('the last', () => recorder.acknowledged.some(({ to }) => to === 3));
    expect(recorder.acknowledged.map(({ from, to, flowsCut }) => ({ from, to, flowsCut }))).to.deep.equal([
      { from: null, to: 1, flowsCut: [] },
      { from: 1, to: 3, flowsCut: [flow('a'), flow('b')] },
    ]);
  });

  it('serves no alias whose listener is not open, tells of it, and tells again when it is', async () => {
    recorder.failOpen = (alias) => (alias === 'api' ? 'PROXY_ADDRESS_IN_USE' : null);
    const { aliasFailures } = await recorder.applied(held(1, ['api', 'other']));
    expect(aliasFailures).to.deep.equal([
      { alias: 'api', code: 'PROXY_ADDRESS_IN_USE', message: 'PROXY_ADDRESS_IN_USE' },
    ]);
    expect(recorder.steps).to.include('names other, not api');
    recorder.later[0]?.();
    await waitFor('the second attempt', () => recorder.later.length === 2);
    expect(recorder.acknowledged).to.have.length(1);
    recorder.failOpen = () => null;
    recorder.later[1]?.();
    await waitFor('it is told', () => recorder.acknowledged.length === 2);
    expect(recorder.acknowledged[1]).to.deep.include({ from: 1, to: 1, aliasFailures: [] });
  });

  it('tells of every alias when the names are not served', async () => {
    recorder.namesOf.set('0a', () => Promise.reject(new Error('the worker is silent')));
    const { aliasFailures } = await recorder.applied(held(1, ['api', 'other']));
    expect(aliasFailures.map(({ alias, code }) => [alias, code])).to.deep.equal([
      ['api', 'DNS_NOT_LOADED'],
      ['other', 'DNS_NOT_LOADED'],
    ]);
  });

  it('acknowledges nothing that is not on disk, and tries again', async () => {
    recorder.saveFails = true;
    recorder.cuts = [flow('c')];
    recorder.applier.take(held(1, ['api']));
    await waitFor('the attempt', () => recorder.later.length === 1);
    expect(recorder.acknowledged).to.deep.equal([]);
    recorder.saveFails = false;
    recorder.later[0]?.();
    await waitFor('acknowledged', () => recorder.acknowledged.length === 1);
    expect(recorder.acknowledged[0]?.flowsCut).to.deep.equal([flow('c')]);
  });

  it('keeps on disk what was not answered yet', async () => {
    const first = await recorder.applied(held(1, ['api']));
    recorder.unanswered = [first];
    const second = await recorder.applied(held(2, ['api']));
    expect(recorder.saved.at(-1)?.unanswered).to.deep.equal([first, second]);
  });

  it('lets go of a network: no policy, no names, no listeners', async () => {
    await recorder.applied(held(1, ['api']));
    recorder.steps.length = 0;
    const snapshot = leavingSnapshot({ networkId: '0a', version: 2 });
    await recorder.applied({ epoch: { counter: 1, id: 'one' }, hash: 'gone', signature: null, snapshot });
    expect(recorder.steps).to.deep.equal([
      'policy 0a none',
      'open ',
      'names none',
      'retain ',
      'save 2',
      'acknowledge 2',
    ]);
  });

  it('keeps the listeners of the other networks', async () => {
    await recorder.applied(held(1, ['api']));
    await recorder.applied(held(2, ['else'], '0b'));
    expect(recorder.steps.filter((step) => step.startsWith('retain')).at(-1)).to.equal('retain api,else');
  });

  it('says that it came from nowhere when the epoch is another', async () => {
    await recorder.applied(held(7, ['api']));
    const { from } = await recorder.applied(held(2, ['api'], '0a', { counter: 2, id: 'two' }));
    expect(from).to.equal(null);
  });

  it('serves what was on disk, and acknowledges it again: what failed before may be well now', async () => {
    await recorder.applier.restore(held(4, ['api']));
    expect(recorder.steps).to.deep.equal([
      ...['policy 0a 4', 'open api', 'names api', 'retain api', 'save 4', 'acknowledge 4'],
    ]);
    expect(recorder.acknowledged).to.have.length(1);
    expect(recorder.acknowledged[0]).to.deep.include({ from: 4, to: 4, aliasFailures: [] });
    expect(recorder.applier.versions()).to.have.length(1);
  });
});
