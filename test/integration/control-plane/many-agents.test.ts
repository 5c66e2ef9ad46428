import { expect } from 'chai';
import { Client } from 'pg';
import { AgentCrowd } from '#test/support/agent-crowd.js';
import { query } from '#test/support/postgres.js';
import { ALIAS, applied, makeNetwork, type ScaledApi, type ScaledNetwork } from '#test/support/scaled-networks.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

const AGENTS = 50;
const SMALL = 10;
/** Of a delta that adds one rule, whatever the network holds. */
const MOST_DELTA_BYTES = 1_500;
const names = Array.from({ length: AGENTS }, (_, index) => `host-${String(index).padStart(5, '0')}`);

/** `npm run bench -- scale` does the same with 1,000 agents. */
describe(`${AGENTS} agents, one network of all and one of ${SMALL}`, () => {
  let controlPlane: TestControlPlane;
  let crowd: AgentCrowd;
  let all: ScaledNetwork;
  let small: ScaledNetwork;
  let api: ScaledApi;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    crowd = new AgentCrowd(1);
    await crowd.enrol(controlPlane.url, controlPlane.adminToken, names);
    await crowd.connect();
    api = {
      databaseUrl: controlPlane.databaseUrl,
      async call(method, path, body) {
        const answer = await controlPlane.call(method, path, body);
        if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
        return answer.body;
      },
    };
    all = await makeNetwork(api, 'all', names);
    small = await makeNetwork(api, 'small', names.slice(0, SMALL));
  });

  after(async () => {
    await crowd.end();
    await controlPlane.end();
  });

  const topologies = async (): Promise<number> =>
    (await crowd.states()).reduce((sum, state) => sum + state.topologies, 0);

  /** A rule is added and removed; how many agents have acknowledged it. */
  async function change({ name }: ScaledNetwork): Promise<number> {
    const rule = { effect: 'allow', from: 'any', to: ALIAS, port: 8_080 };
    const { version, result } = await api.call('POST', `/v1/networks/${name}/rules`, rule);
    const proven = await applied(api, name, Number(version));
    const { id } = result as { readonly id: string };
    const removed = await api.call('DELETE', `/v1/networks/${name}/rules/${id}`);
    await applied(api, name, Number(removed.version));
    return proven;
  }

  const sizes: readonly (readonly [which: string, network: () => ScaledNetwork, agents: number])[] = [
    ['all', () => all, AGENTS],
    ['the small one', () => small, SMALL],
  ];
  for (const [which, network, agents] of sizes) {
    it(`a change of ${which} is acknowledged by its ${agents} agents, each of which gets one small message`, async () => {
      const before = await topologies();
      expect(await change(network())).to.equal(agents);
      // One for the rule that is added, and one for its removal.
      expect((await topologies()) - before).to.equal(2 * agents);
      const [state] = await crowd.states();
      expect(state?.exchange.topology.length).to.be.lessThan(MOST_DELTA_BYTES);
    });
  }

  it('a rule, which places nothing, does not write the cursor of the placements beside its own transaction', async () => {
    const cursor = () => query(controlPlane.databaseUrl, 'SELECT position, xmin::text FROM process_cursors');
    const before = await cursor();
    await change(small);
    expect(await cursor()).to.deep.equal(before);
  });

  it('their contacts are written together, and not each in a transaction of its own', async () => {
    const began = new Date();
    await crowd.disconnect();
    await crowd.connect();
    const rows = await waitFor('every contact of now is written', async () => {
      const client = new Client({ connectionString: controlPlane.databaseUrl });
      await client.connect();
      const found = await client
        .query<{ contacts: string; transactions: string }>(
          'SELECT count(*) AS contacts, count(DISTINCT xmin::text) AS transactions FROM agent_contacts WHERE last_contact_at >= $1',
          [began],
        )
        .finally(() => client.end());
      return Number(found.rows[0]?.contacts) === AGENTS ? found.rows[0] : undefined;
    });
    expect(Number(rows.transactions)).to.be.lessThan(AGENTS / 2);
  });

  it('all follow again after the control plane was restarted, and are sent nothing that they hold', async () => {
    const before = await topologies();
    await controlPlane.stop();
    await controlPlane.startAgain();
    await waitFor('every agent is SYNCED', async () => {
      const { agents } = await api.call('GET', '/v1/networks/all/status');
      return (agents as readonly { readonly status: string }[]).every(({ status }) => status === 'SYNCED');
    });
    expect(await topologies()).to.equal(before);
  });

  it('all acknowledge a change after the bus was restarted', async () => {
    await controlPlane.nats.kill();
    await controlPlane.nats.start();
    expect(await waitFor('the bus carries it', () => change(all).catch(() => undefined), 30_000)).to.equal(AGENTS);
  });

  it('all hold both networks again after they were started with nothing', async () => {
    await crowd.disconnect();
    await crowd.forget();
    await crowd.connect();
    await waitFor('every network is acknowledged', async () => {
      const [state] = await crowd.states();
      return Number(state?.answered) >= AGENTS + SMALL;
    });
    const [state] = await crowd.states();
    expect(Object.values(state?.held ?? {}).sort()).to.deep.equal([SMALL, AGENTS]);
  });
});
