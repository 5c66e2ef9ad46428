import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Damage, damage, type StartOutcome, tryStart } from '#test/support/damaged-home.js';
import { freePort } from '#test/support/ports.js';

const WITHIN_MS = 60_000;

/** `npm run soak -- --files` damages each file separately. */
describe('npm start on a damaged home', function () {
  this.timeout(180_000);
  let home: string;
  let port: number;
  let outcome: StartOutcome | null = null;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'gs-e2e-'));
    port = await freePort();
    await started('ready');
  });

  afterEach(async () => {
    await outcome?.stop();
    outcome = null;
  });

  after(() => rmSync(home, { recursive: true, force: true }));

  async function started(kind: StartOutcome['kind']): Promise<string> {
    await outcome?.stop();
    outcome = await tryStart(home, port, WITHIN_MS);
    expect(outcome.kind, outcome.printed).to.equal(kind);
    return outcome.printed;
  }

  it('makes anew what it can, names an agent that cannot run and what to do, and starts the rest', async () => {
    const damaged: readonly (readonly [string, Damage])[] = [
      ['agents/host-a/identity/bus.seed', 'empty'],
      ['agents/host-b/identity/credentials.json', 'garbled'],
      ['agents/host-b/identity/mesh.pem', 'empty'],
      ['agents/host-b/contact.json', 'garbled'],
      ['context.json', 'empty'],
      ['keys/postgres-password', 'missing'],
      ['keys/store-head.json', 'garbled'],
      ['nats/nats.conf', 'empty'],
      ['ports.json', 'garbled'],
      ['postgres/postmaster.pid', 'empty'],
      ['run/all-in-one.pid', 'garbled'],
      ['run/agent-host-a.pid', 'empty'],
      ['sandboxes/host-b.yaml', 'garbled'],
    ];
    for (const [file, how] of damaged) damage(home, file, how);
    const printed = await started('ready');
    const down = printed.split('\n').filter((line) => line.startsWith('down: '));
    expect(down).to.have.length(1);
    expect(down[0]).to.include(
      `agent-host-a cannot run: ${join(home, 'agents/host-a/identity/bus.seed')} is empty; restore`,
    );
  });

  it('does not start with a key that it cannot make anew, and names its file', async () => {
    damage(home, 'keys/topology-signing.pem', 'garbled');
    const printed = await started('ended');
    expect(printed).to.include(
      `control-plane cannot run: ${join(home, 'keys/topology-signing.pem')} does not hold an Ed25519 key in PEM`,
    );
    expect(printed).to.include('put the file back from a backup');
    expect(printed).to.not.match(/\n {4}at /);
  });
});
