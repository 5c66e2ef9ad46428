import { randomInt } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { newSeed } from '#libs/bus/nats-keys.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { AgentProcess, staticAgent } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const BLOCK = `127.${randomInt(150, 250)}.${randomInt(1, 250)}`;

/** A possible state of a file; null: it is missing. */
type Damage = (text: string) => string | null;
const EMPTY: Damage = () => '';
const GONE: Damage = () => null;
const GARBLED: Damage = () => '\u0000 no {key\n';
const HALF: Damage = (text) => text.slice(0, text.length / 2);

describe('what an agent keeps of its identity', () => {
  let plane: FakeControlPlane;
  let agent: AgentProcess;

  beforeEach(async () => {
    plane = await FakeControlPlane.start();
    agent = new AgentProcess('host-a', plane.url, {
      ...staticAgent(BLOCK),
    });
    agent.setSandboxes([{ id: 'sbx-web', address: `${BLOCK}.11` }]);
    agent.start();
    await inContact();
    await agent.end('SIGTERM');
  });

  afterEach(async () => {
    await agent.remove();
    await plane.close();
  });

  const file = (name: string) => join(agent.stateFolder, 'identity', name);

  function inContact(): Promise<unknown> {
    const before = plane.hellos.length;
    return waitFor('the agent says hello', () => plane.hellos.length > before);
  }

  function damage(name: string, how: Damage): void {
    const text = how(readFileSync(file(name), 'utf8'));
    if (text === null) rmSync(file(name));
    else writeFileSync(file(name), text);
  }

  async function startedAgain(): Promise<void> {
    agent.start();
    await inContact();
    expect(plane.enrolled).to.deep.equal(['host-a']);
    expect(plane.renewed).to.deep.equal(['host-a']);
    await waitFor('the agent is in the mesh', () => plane.hellos.at(-1)?.mesh.state === 'joined');
  }

  for (const [what, how] of [
    ['empty', EMPTY],
    ['garbled', GARBLED],
    ['cut short', HALF],
    ['gone', GONE],
  ] as const) {
    it(`credentials.json, ${what}: its key gets them issued again, without a token`, async () => {
      damage('credentials.json', how);
      await startedAgain();
      const kept = readdirSync(join(agent.stateFolder, 'identity')).filter((name) => name.includes('.corrupt-'));
      expect(kept).to.have.length(what === 'gone' ? 0 : 1);
    });
  }

  for (const [what, how] of [
    ['empty', EMPTY],
    ['garbled', GARBLED],
    ['cut short', HALF],
    ["another agent's", () => createPrivateKeyPem()],
    ['gone', GONE],
  ] as const) {
    it(`mesh.pem, ${what}: a new key is made and certified, and the agent joins the mesh`, async () => {
      damage('mesh.pem', how);
      const damaged = existsSync(file('mesh.pem')) ? readFileSync(file('mesh.pem'), 'utf8') : null;
      await startedAgain();
      const aside = readdirSync(join(agent.stateFolder, 'identity')).filter((name) => name.startsWith('mesh.pem.'));
      expect(aside.map((name) => readFileSync(file(name), 'utf8'))).to.deep.equal(damaged === null ? [] : [damaged]);
    });
  }

  it('mesh.pem, gone while the control plane is away: the agent joins the mesh once its new key is certified', async () => {
    damage('mesh.pem', GONE);
    plane.answersHttp = false;
    agent.start();
    await inContact();
    expect(plane.hellos.at(-1)?.mesh).to.include({ state: 'failed', code: 'MESH_CREDENTIALS_INVALID' });
    const heard = plane.heartbeats.length;
    plane.answersHttp = true;
    await waitFor('the agent is in the mesh', () => plane.heartbeats.slice(heard).at(-1)?.mesh.state === 'joined');
    expect(plane.enrolled).to.deep.equal(['host-a']);
  });

  it('are certified again, once, by a store that begins another epoch: it was restored, and may not know them', async () => {
    const heartbeats = async (count: number) => {
      const from = plane.heartbeats.length;
      await waitFor('heartbeats', () => plane.heartbeats.length >= from + count);
    };
    agent.start();
    await inContact();
    await plane.publish(agent.id, snapshotOf({ version: 1, sandboxes: { 'sbx-web': 'host-a' }, aliases: {} }));
    await plane.acknowledgement(1);
    expect(plane.renewed).to.deep.equal([]);
    plane.epoch = { counter: 2, id: 'epoch-two' };
    await waitFor('the credentials are renewed', () => plane.renewed.length > 0);
    await heartbeats(2);
    expect(plane.renewed).to.deep.equal(['host-a']);
  });

  for (const [what, how, said] of [
    ['empty', EMPTY, 'is empty'],
    ['garbled', GARBLED, 'does not hold the seed of a NATS user'],
    ['gone', GONE, 'is missing, and credentials.json beside it was issued for it'],
    ["another agent's", () => newSeed('user'), 'is not the key that credentials.json beside it was issued for'],
    ["another kind's", () => newSeed('account'), 'does not hold the seed of a NATS user'],
  ] as const) {
    it(`bus.seed, ${what}: the agent ends, names the file and what to do, and leaves everything as it was`, async () => {
      damage('bus.seed', how);
      const before = contents();
      agent.start();
      const line = await agent.logged('agent: cannot start');
      expect(line).to.deep.include({ code: 'KEY_FILE_UNUSABLE', reason: `${file('bus.seed')} ${said}` });
      expect(line.remedy).to.match(/gstacks agent revoke host-a.*gstacks agent enroll host-a/);
      expect(await agent.ended()).to.equal(1);
      expect(contents()).to.deep.equal(before);
    });
  }

  it('the state folder of another agent: says whose it is', async () => {
    const other = new AgentProcess('host-b', plane.url, {
      ...staticAgent(BLOCK),
    });
    other.setSandboxes([]);
    cpSync(agent.stateFolder, other.stateFolder, { recursive: true });
    other.start();
    const { code, reason } = await other.logged('agent: cannot start');
    expect(code).to.equal('OTHER_AGENT');
    expect(reason).to.include('credentials.json was issued to agent host-a, not host-b');
    await other.remove();
  });

  function contents(): ReadonlyMap<string, string> {
    const folder = join(agent.stateFolder, 'identity');
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }
});
