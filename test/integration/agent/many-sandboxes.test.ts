import { expect } from 'chai';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { waitFor } from '#test/support/wait.js';

/** More than fits into one message on the bus. */
const MANY = 3_000;

describe('an agent with very many sandboxes', () => {
  let plane: FakeControlPlane;
  let agent: AgentProcess;

  before(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, { GLOBALSTACKS_AGENT_DRIVER: 'static' });
  });

  after(async () => {
    await agent?.remove();
    await plane?.close();
  });

  const sandboxes = (count: number) =>
    Array.from({ length: count }, (_, number) => ({
      id: `sbx-${number}`,
      address: `127.20.${number >> 8}.${number & 255}`,
    }));

  it('reports all of them, in several messages, and goes on to report what changes', async () => {
    agent.setSandboxes(sandboxes(MANY));
    agent.start();
    await waitFor('all are reported', () => plane.inventoryOf(agent.id)?.sandboxes.length === MANY, 30_000);
    expect(plane.inventoryMessages).to.be.greaterThan(plane.inventories.length);
    agent.setSandboxes(sandboxes(1));
    await waitFor('one is left', () => plane.inventoryOf(agent.id)?.sandboxes.length === 1, 30_000);
  });
});
