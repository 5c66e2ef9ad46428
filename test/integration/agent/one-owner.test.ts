import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { waitFor } from '#test/support/wait.js';

const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;
const ROUNDS = 3;

describe('a state folder', function () {
  this.timeout(60_000);
  let plane: FakeControlPlane;
  let agents: readonly AgentProcess[];

  before(async () => {
    plane = await FakeControlPlane.start();
    const first = agent(1);
    // The same folder and token; everything else is separate.
    const second = agent(2);
    for (const variable of ['STATE_DIR', 'ENROLLMENT_TOKEN_FILE'] as const) {
      const path = variable === 'STATE_DIR' ? first.stateFolder : join(first.folder, 'token');
      second.set(`GLOBALSTACKS_AGENT_${variable}`, path);
    }
    agents = [first, second];
  });
  after(async () => {
    for (const each of agents ?? []) await each.remove();
    await plane?.close();
  });

  function agent(number: number): AgentProcess {
    const made = new AgentProcess('host-a', plane.url, {
      GLOBALSTACKS_AGENT_DRIVER: 'static',
      GLOBALSTACKS_AGENT_MESH_DNS_ADDR: `${BLOCK}.${number}:1053`,
      GLOBALSTACKS_AGENT_MESH_PROXY_BIND: `${BLOCK}.${number * 64}/26`,
    });
    made.setSandboxes([{ id: 'sbx-web', address: `${BLOCK}.${number * 10}` }]);
    return made;
  }

  const isTaken = (each: AgentProcess, from: number): boolean =>
    each.log.slice(from).some(({ code }) => code === 'STATE_FOLDER_IN_USE');

  it(`has one agent, also of two that start at the same moment (${ROUNDS} times), and is free with its end`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = agents.map(({ log }) => log.length);
      const hellos = plane.hellos.length;
      for (const each of agents) each.start();
      await waitFor('one says hello', () => plane.hellos.length > hellos, 20_000);
      const refused = await waitFor('one is refused', () => agents.find((each, at) => isTaken(each, from[at] ?? 0)));
      const owner = agents.find((each) => each !== refused);
      expect(await refused.ended()).to.equal(1);
      const line = refused.log.find(({ code }) => code === 'STATE_FOLDER_IN_USE');
      expect(JSON.stringify(line)).to.contain('GLOBALSTACKS_AGENT_STATE_DIR');
      expect(readFileSync(join(agents[0]?.stateFolder ?? '', 'agent.pid'), 'utf8')).to.equal(`${owner?.pid}\n`);
      await owner?.end(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    }
    expect(plane.enrolled, 'one enrolment').to.deep.equal(['host-a']);
    expect(existsSync(join(agents[0]?.stateFolder ?? '', 'identity', 'credentials.json'))).to.equal(true);
  });

  it('that nobody can make ends the agent at once, with what to do', async () => {
    const lost = agent(3);
    lost.set('GLOBALSTACKS_AGENT_STATE_DIR', '/proc/nowhere/state');
    lost.start();
    try {
      expect(await lost.ended()).to.equal(1);
      const line = lost.log.find(({ code }) => code === 'STATE_FOLDER_UNUSABLE');
      expect(JSON.stringify(line)).to.contain('/proc/nowhere/state cannot be made: ENOENT');
      expect(JSON.stringify(line)).to.contain('GLOBALSTACKS_AGENT_STATE_DIR');
    } finally {
      await lost.remove();
    }
  });
});
