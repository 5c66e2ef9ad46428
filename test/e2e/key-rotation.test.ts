import { rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { LogVerificationDto } from '#libs/contracts/http/audit.js';
import type { StoreKeyDto, StoreKeyListDto } from '#libs/contracts/http/store-keys.js';
import { STORE_KEYS, type StoreKey } from '#libs/contracts/store-keys.js';
import { connectorOf } from '#test/support/open-connection.js';
import { restartAgent, restartControlPlane } from '#test/support/restart.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const ANSWER = '{"sandbox":"sbx-api"}';
const ASK_EVERY_MS = 500;
const ASK = 'GET / HTTP/1.1\r\nHost: api.dev.gstacks\r\n\r\n';

/** Each key is replaced while traffic flows, and while processes end. */
describe('rotation of keys under traffic', function () {
  this.timeout(240_000);
  let stack: RunningStack;
  let auditPem: string;

  before(async () => {
    stack = await startStack({ sandboxes: 'static' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'policy', 'allow', 'dev', '--from', 'web', '--to', 'api', '--port', '8080', '--wait']);
    auditPem = join(stack.home, 'audit.pem');
    writeFileSync(auditPem, (await stack.gstacks('audit', 'key')).stdout);
  });
  after(async () => {
    await stack?.remove();
  });

  const open = async () => (await connectorOf(stack, { from: 'sbx-web', network: 'dev', alias: 'api', port: 8080 }))();

  /** Bytes pass through this connection in both directions. */
  async function isAnswered(socket: Socket): Promise<void> {
    let answer = '';
    const take = (bytes: Buffer): void => {
      answer += bytes.toString();
    };
    socket.on('data', take);
    socket.write(ASK);
    await waitFor('the connection answers, or is closed', () => socket.closed || answer.includes(ANSWER));
    socket.off('data', take);
    expect(answer, 'the answer').to.contain(ANSWER);
  }

  /** A new connection passes bytes. */
  async function trafficPasses(): Promise<void> {
    const fresh = await open();
    await isAnswered(fresh);
    fresh.destroy();
  }

  /** A change of the policy is proven by both agents, so both take what the new key signs. */
  async function policyIsApplied(): Promise<void> {
    const rule = ['--from', 'api', '--to', 'web', '--port', '8080', '--wait'];
    await stack.json(['network', 'policy', 'allow', 'dev', ...rule]);
    const { items } = (await stack.json(['network', 'policy', 'list', 'dev'])) as {
      readonly items: readonly { readonly id: string; readonly to: string }[];
    };
    const [made] = items.filter(({ to }) => to === 'web');
    await stack.json(['network', 'policy', 'remove', 'dev', String(made?.id), '--wait']);
  }

  async function logIsWhole(): Promise<void> {
    const { intact } = (await stack.json(['audit', 'verify'])) as LogVerificationDto;
    expect(intact).to.equal(true);
    const file = join(stack.home, 'log.jsonl');
    await stack.json(['audit', 'export', file]);
    const checked = (await stack.json(['audit', 'verify', '--file', file, '--key', auditPem])) as LogVerificationDto;
    expect(checked.intact, 'with the key of the start').to.equal(true);
    rmSync(file);
  }

  async function keyNow(key: StoreKey): Promise<StoreKeyDto> {
    const { items } = (await stack.json(['admin', 'keys', 'list'])) as StoreKeyListDto;
    const found = items.find((one) => one.key === key);
    if (found === undefined) throw new Error(`no key ${key}`);
    return found;
  }

  async function offer(key: StoreKey): Promise<void> {
    const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ step: 'offer' });
    const answer = await fetch(`${stack.url}/v1/keys/${key}/rotation`, { method: 'POST', headers, body });
    expect(answer.status, await answer.text()).to.equal(200);
  }

  for (const key of STORE_KEYS) {
    it(`replaces ${key}: who has confirmed is printed, traffic and the log go on`, async () => {
      const before = await keyNow(key);
      const flow = await open();
      // A server closes a connection on which nothing is asked for five seconds.
      const asking = setInterval(() => flow.write(ASK), ASK_EVERY_MS);
      const { code, stdout, stderr } = await stack.gstacks('admin', 'keys', 'rotate', key);
      clearInterval(asking);
      expect(code, stdout + stderr).to.equal(0);
      await isAnswered(flow);
      flow.destroy();
      const now = await keyNow(key);
      expect(now).to.deep.include({ stage: 'settled', next: null });
      expect(now.former.at(-1)).to.equal(before.inUse);
      expect(stdout).to.match(new RegExp(`^${key}: key ${now.inUse} is offered`));
      for (const agent of ['host-a', 'host-b']) expect(stdout).to.match(new RegExp(`^ {2}${agent} +confirmed$`, 'm'));
      await trafficPasses();
      await policyIsApplied();
      await logIsWhole();
    });

    it(`replaces ${key} although an agent and the control plane are killed on the way`, async () => {
      await offer(key);
      const { next } = await keyNow(key);
      await restartControlPlane(stack, 'SIGKILL');
      await restartAgent(stack, 'host-b', () => {}, 'SIGKILL');
      const { code, stdout, stderr } = await stack.gstacks('admin', 'keys', 'rotate', key);
      expect(code, stdout + stderr).to.equal(0);
      expect((await keyNow(key)).inUse).to.equal(next);
      await trafficPasses();
      await policyIsApplied();
      await logIsWhole();
    });

    it(`waits with ${key} for an agent that does not answer, goes on without it, and takes it back`, async () => {
      const pid = stack.pid('agent-host-b');
      const logged = stack.log('agent-host-b').length;
      let keyOfStore = '';
      await stopProcesses(pid);
      try {
        // The other agent hears of the key within five seconds.
        const waiting = await stack.gstacks('admin', 'keys', 'rotate', key, '--wait=7');
        expect(waiting.code, waiting.stdout + waiting.stderr).to.equal(5);
        expect(waiting.stdout).to.contain('not confirmed by host-b');
        expect(waiting.stdout).to.contain(`gstacks admin keys rotate ${key} --without host-b`);
        expect((await keyNow(key)).stage).to.equal('offered');
        const without = await stack.gstacks('admin', 'keys', 'rotate', key, '--without', 'host-b');
        expect(without.code, without.stdout + without.stderr).to.equal(0);
        const { stage, inUse } = await keyNow(key);
        expect(stage).to.equal('settled');
        keyOfStore = inUse;
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await waitFor('host-b trusts the new key', () =>
        stack
          .log('agent-host-b')
          .slice(logged)
          .split('\n')
          .some((line) => line.includes('credentials renewed') && line.includes(keyOfStore)),
      );
      await trafficPasses();
      await policyIsApplied();
    });
  }
});
