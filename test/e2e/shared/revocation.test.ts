import { expect } from 'chai';
import { type Capture, capturePayload } from '#test/support/capture.js';
import { curl, expectReset, hold, namespaceOf } from '#test/support/sandboxes.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import type { RunningStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const API = 'http://api.dev.gstacks:8080';
const RULE = ['dev', '--from', 'web', '--to', 'api', '--port', '8080'] as const;
/** How long the link is watched after the command has printed its output. */
const QUIET_MS = 1_000;

/** The cuts of the denial according to the control plane, counted by the agents. */
/** The clients that were sent so many segments that they are served a stream. */
function streaming(capture: Capture): readonly string[] {
  const segments = Map.groupBy(capture.segments(), ({ line }) => / > (\S+):/.exec(line)?.[1] ?? '');
  return [...segments].filter(([, { length }]) => length > 50).map(([client]) => client);
}

async function previewedCuts({ url, token }: RunningStack): Promise<object> {
  const answer = await fetch(`${url}/v1/networks/dev/previews`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'add-rule', effect: 'deny', from: 'web', to: 'api', port: 8_080 }),
  });
  const { cuts } = (await answer.json()) as { readonly cuts: { cut: number; kept: number; notKnown: object[] } };
  return { cut: cuts.cut, kept: cuts.kept, notKnown: cuts.notKnown };
}

interface Rule {
  readonly id: string;
  readonly effect: string;
}

for (const mesh of MESHES) {
  describe(`a denial, proven, over ${mesh}`, function () {
    this.timeout(60_000);
    const at = sharedStack('netns', mesh);
    let stack: RunningStack;
    let capture: Capture;

    before(async function () {
      this.timeout(150_000);
      stack = at();
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
      await stack.json(['network', 'policy', 'allow', ...RULE, '--wait']);
      capture = await capturePayload(await namespaceOf(stack, 'sbx-web'), 8_080);
    });

    after(async () => {
      await capture?.stop();
    });

    afterEach(async () => {
      const { items } = (await stack.json(['network', 'policy', 'list', 'dev'])) as { readonly items: readonly Rule[] };
      for (const rule of items.filter(({ effect }) => effect === 'deny')) {
        await stack.json(['network', 'policy', 'remove', 'dev', rule.id, '--wait']);
      }
    });

    for (const { idle, busy } of [
      { idle: 0, busy: 0 },
      { idle: 1, busy: 0 },
      { idle: 1, busy: 2 },
    ]) {
      const count = idle + busy;
      it(`cuts ${count} open connections, ${idle} of them idle, and says so when no byte can follow`, async () => {
        const held = await hold(stack, 'sbx-web', `${API}/hold`, idle);
        const before = streaming(capture);
        const streams = Array.from({ length: busy }, () =>
          stack.inSandbox(
            'sbx-web',
            'curl',
            '-sS',
            '-o',
            '/dev/null',
            '--limit-rate',
            '20M',
            `${API}/bytes?n=${2 ** 34}`,
          ),
        );
        const flowing = (): number => streaming(capture).filter((client) => !before.includes(client)).length;
        await waitFor('bytes flow in each stream', () => flowing() === busy);
        expect(await previewedCuts(stack), 'the preview').to.deep.equal({ cut: count, kept: 0, notKnown: [] });
        const denied = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait');
        const printedAt = Date.now();
        expect(denied.code, denied.stdout + denied.stderr).to.equal(0);
        expect(denied.stdout).to.match(new RegExp(`applied by 2/2 agents in \\d+ ms; ${count} open connections? cut`));
        for (const running of [...held, ...streams]) expectReset(await running.ended);
        await waitFor('the link was watched long enough', () => Date.now() > printedAt + QUIET_MS);
        const late = capture.segments().filter(({ atMs }) => atMs > printedAt);
        expect(late.map(({ line }) => line)).to.deep.equal([]);
        expectReset(await curl(stack, 'sbx-web', `${API}/`));
      });
    }

    it('claims its cuts once: a repeat says since when it is so, and cuts nothing', async () => {
      const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
      const key = ['--idempotency-key', `deny-${mesh}`];
      const denied = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait', ...key);
      const version = /version (\d+)/.exec(denied.stdout)?.[1];
      const applied = /applied by 2\/2 agents in \d+ ms; 1 open connection cut/;
      expect(denied.stdout, denied.stderr).to.match(applied);
      if (held !== undefined) expectReset(await held.ended);
      for (let count = 1; count <= 5; count += 1) {
        const again = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait');
        expect(again.code, again.stdout + again.stderr).to.equal(0);
        expect(again.stdout).to.contain(`already so since version ${version}; proven by 2/2 agents\n`);
        expect(again.stdout).to.not.match(/\bcut\b/);
      }
      const retried = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait', ...key);
      expect(retried.stdout, 'the same write, sent again').to.match(applied);
    });

    it('revives nothing when an allow follows', async () => {
      const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
      await stack.json(['network', 'policy', 'deny', ...RULE, '--wait']);
      if (held !== undefined) expectReset(await held.ended);
      const before = capture.segments().length;
      const { items } = (await stack.json(['network', 'policy', 'list', 'dev'])) as { readonly items: readonly Rule[] };
      const deny = items.find(({ effect }) => effect === 'deny');
      await stack.json(['network', 'policy', 'remove', 'dev', deny?.id ?? '', '--wait']);
      expect(capture.segments().length).to.equal(before);
      expect((await curl(stack, 'sbx-web', `${API}/`)).stdout).to.contain('sbx-api');
    });

    for (const [agent, other] of [
      ['host-a', 'host-b'],
      ['host-b', 'host-a'],
    ] as const) {
      it(`names ${agent} when it is stopped, and counts it when it goes on`, async () => {
        const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
        const pid = stack.pid(`agent-${agent}`);
        await stopProcesses(pid);
        try {
          const denied = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait=3');
          expect(denied.code, denied.stdout + denied.stderr).to.equal(5);
          expect(denied.stdout + denied.stderr)
            .to.match(/applied by 1\/2 agents/)
            .and.to.contain(agent);
          expect(denied.stdout + denied.stderr).to.not.match(new RegExp(`${other}.*(PENDING|OFFLINE|STALE)`));
        } finally {
          process.kill(pid, 'SIGCONT');
        }
        await waitFor('the agent acknowledged', async () => {
          const { agents } = (await stack.json(['network', 'status', 'dev'])) as {
            readonly agents: readonly { readonly agentId: string; readonly status: string }[];
          };
          return agents.length === 2 && agents.every(({ status }) => status === 'SYNCED');
        });
        if (held !== undefined) expectReset(await held.ended);
        expectReset(await curl(stack, 'sbx-web', `${API}/`));
      });
    }
  });
}

describe('whatever takes a way away, proven', function () {
  this.timeout(60_000);
  const at = sharedStack('netns', 'direct');

  for (const command of [
    ['alias', 'remove', 'dev', 'api'],
    ['detach', 'dev', 'sbx-web'],
    ['detach', 'dev', 'sbx-api'],
    ['delete', 'dev', '--detach-all', '--yes'],
  ]) {
    it(`network ${command.join(' ')} cuts the connection between two hosts, and counts it`, async () => {
      const stack = at();
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
      try {
        await stack.json(['network', 'policy', 'allow', ...RULE, '--wait']);
        const [held] = await hold(stack, 'sbx-web', `${API}/hold`, 1);
        const done = await stack.gstacks('network', ...command, '--wait');
        expect(done.stdout, done.stderr).to.match(/applied by 2\/2 agents in \d+ ms; 1 open connection cut/);
        if (held !== undefined) expectReset(await held.ended);
      } finally {
        await stack.gstacks('network', 'delete', 'dev', '--detach-all', '--yes');
      }
    });
  }
});
