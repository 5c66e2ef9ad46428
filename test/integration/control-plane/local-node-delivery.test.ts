import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import { parseTopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import { SimulatedLocalNode } from './simulated-local-node.js';

describe('versions for local nodes', () => {
  let controlPlane: TestControlPlane;
  let node: SimulatedLocalNode;
  const told: string[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.agent('host-a', ['sbx-api']);
    const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attachment);
    node = await SimulatedLocalNode.join(controlPlane, 'dev', 'ada');
    node.serve('control', async (message) => {
      told.push(`peers ${parsePeersMessage(message).peers.map(({ agentId }) => agentId)}`);
      return { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };
    });
    node.serve('topology', async (message) => {
      const { to, body } = parseTopologyMessage(message);
      told.push(`version ${to} ${body.includes('"alias":"api"') ? 'with' : 'without'} api`);
      return { protocol: BUS_PROTOCOL, status: 'received', code: null, message: null };
    });
  });

  after(async () => {
    await node.close();
    await controlPlane.end();
  });

  it('come after the agents at which the node may reach something, and hold no more than that', async () => {
    const isTold = (last: string) => waitFor(last, () => told.at(-1) === last);
    const version = async (): Promise<number> =>
      Number((await controlPlane.call('GET', '/v1/networks/dev')).body.version);
    const first = await version();
    await isTold(`version ${first} without api`);
    const rule = { effect: 'allow', from: 'local:ada', to: 'api', port: 8080 };
    await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    await isTold(`version ${await version()} with api`);
    await controlPlane.call('POST', '/v1/networks/dev/rules', { ...rule, effect: 'deny' });
    await isTold(`version ${await version()} without api`);
    expect(told.slice(-6)).to.deep.equal([
      'peers ',
      `version ${first} without api`,
      'peers host-a',
      `version ${first + 1} with api`,
      'peers ',
      `version ${first + 2} without api`,
    ]);
  });
});
