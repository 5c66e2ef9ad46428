import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { SmallDisk } from '#test/support/small-disk.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;

/** Each version has one more alias, so that the addresses of aliases have to be written as well. */
function network(version: number) {
  const aliases = Array.from({ length: version }, (_, index) => [`api${index}`, { sandbox: 'sbx-api', ports: [8080] }]);
  return snapshotOf({ version, sandboxes: { 'sbx-api': 'host-a' }, aliases: Object.fromEntries(aliases) });
}

describe('an agent whose disk is full', () => {
  let plane: FakeControlPlane;
  let agent: AgentProcess;
  let disk: SmallDisk;

  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
    });
    agent.setSandboxes([{ id: 'sbx-api', address: `${BLOCK}.12` }]);
    disk = new SmallDisk(agent.stateFolder, 256);
  });

  afterEach(async () => {
    await agent.end('SIGKILL');
    disk.unmount();
    await agent.remove();
    await plane.close();
  });

  it('says DISK_FULL, which file and what to do, goes on serving, and acknowledges once there is room', async () => {
    agent.start();
    await waitFor('the agent says hello', () => plane.hellos.length > 0);
    await plane.publish(agent.id, network(1));
    await plane.acknowledgement(1);
    disk.fill();
    await plane.publish(agent.id, network(2));
    const refused = await plane.acknowledgement(2, 'refused');
    expect(refused).to.include({ code: 'DISK_FULL', from: 1 });
    expect(refused.message).to.match(
      new RegExp(`^${agent.stateFolder}/\\S+ cannot be written: .*free space on that disk`),
    );
    // A version that arrives meanwhile is in force and reported as well.
    await plane.publish(agent.id, network(3));
    expect(await plane.acknowledgement(3, 'refused')).to.include({ code: 'DISK_FULL' });
    expect(plane.applied.filter(({ to, outcome }) => to > 1 && outcome === 'applied')).to.deep.equal([]);
    disk.free();
    expect(await plane.acknowledgement(3)).to.include({ from: 1 });
    expect(await agent.end('SIGTERM')).to.equal(0);
  });

  it('renews its credentials though it cannot keep them', async () => {
    plane.credentialSeconds = 2;
    agent.start();
    await waitFor('it says hello', () => plane.hellos.length > 0);
    disk.fill();
    await agent.logged('the credentials could not be saved', 0, ({ code }) => code === 'DISK_FULL');
    await agent.logged('credentials renewed');
  });

  it('that it starts on names the file, and starts once there is room', async () => {
    disk.fill();
    agent.start();
    expect(await agent.ended()).to.equal(1);
    const fatal = agent.log.find(({ level }) => level === 60);
    expect(fatal).to.include({ code: 'DISK_FULL' });
    expect(fatal?.reason).to.contain(join(agent.stateFolder, 'identity'));
    disk.free();
    agent.start();
    await waitFor('it says hello', () => plane.hellos.length > 0);
  });
});
