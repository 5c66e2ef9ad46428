import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { freePort } from '#test/support/ports.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import { type Running, type RunningStack, run } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { waitFor } from '#test/support/wait.js';

const PORT = 7_000;
const MEBIBYTE = 1_048_576;
const AGENTS = ['agent-host-a', 'agent-host-b'];
const lastLines = (log: string): string => log.trimEnd().split('\n').slice(-12).join('\n');
const program = (name: string): string => join(CLONE, 'dist', 'test', 'programs', `${name}.js`);

for (const mesh of MESHES) {
  describe(`bytes through the agents, over ${mesh}`, function () {
    this.timeout(90_000);
    const at = sharedStack('netns', mesh);
    let stack: RunningStack;
    const servers: Running[] = [];
    /** The local port that is forwarded to the same server. */
    let forwarded: number;

    before(async function () {
      this.timeout(150_000);
      stack = at();
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080' });
      for (const [sandbox, alias] of [
        ['sbx-api', 'api'],
        ['sbx-worker', 'worker'],
      ] as const) {
        await stack.json(['network', 'attach', 'dev', sandbox, '--alias', alias, '--port', String(PORT)]);
        const server = stack.inSandbox(sandbox, process.execPath, program('raw-server'), String(PORT));
        servers.push(server);
        await waitFor('the server listens', () => server.stdout().includes('listening'));
      }
      for (const from of ['web', 'worker', 'local']) {
        const rule = ['dev', '--from', from, '--to', 'api', '--port', String(PORT)];
        await stack.json(['network', 'policy', 'allow', ...rule, '--wait']);
      }
      forwarded = await freePort();
      await stack.json(['mesh', 'join', 'dev']);
      await stack.json(['mesh', 'forward', 'dev', `api:${PORT}`, '--local', String(forwarded)]);
    });

    after(async () => {
      await stack.gstacks('mesh', 'leave', 'dev');
      for (const server of servers) server.child.kill('SIGTERM');
      await Promise.all(servers.map((server) => server.ended));
    });

    function client(from: string, mode: string, count: number, bytes = 0): Running {
      const what = [mode, String(count), String(bytes)];
      if (from === 'this machine') {
        return run(process.execPath, [program('raw-client'), '127.0.0.1', String(forwarded), ...what]);
      }
      const to = ['api.dev.gstacks', String(PORT)];
      return stack.inSandbox(from, process.execPath, program('raw-client'), ...to, ...what);
    }

    /** The failures that the client printed, and the agents' last log lines. */
    const explained = (stderr: string): string =>
      stderr === '' ? '' : [stderr, ...AGENTS.map((name) => lastLines(stack.log(name)))].join('\n');

    for (const [where, from] of [
      ['across hosts', 'sbx-web'],
      ['on one host', 'sbx-worker'],
      ['through a forward', 'this machine'],
    ] as const) {
      it(`come through byte for byte ${where}: 10 MB each way, the one after the other was half-closed`, async () => {
        const { stdout, stderr } = await client(from, 'hash', 1, 10 * MEBIBYTE).ended;
        expect(stdout, explained(stderr)).to.equal('{"good":1,"of":1}\n');
      });

      it(`come through on 200 flows at once ${where}`, async () => {
        const { stdout, stderr } = await client(from, 'hash', 200, 100_000).ended;
        expect(stdout, explained(stderr)).to.equal('{"good":200,"of":200}\n');
      });

      it(`end in a reset where the other end reset, never in a clean end, ${where}`, async () => {
        const { stdout, stderr } = await client(from, 'reset', 20).ended;
        expect(stdout, explained(stderr)).to.equal('{"good":20,"of":20}\n');
      });

      for (const bytes of [300, 20_000]) {
        it(`reach a client whole ${where} when the server answers ${bytes} bytes and reads no upload`, async () => {
          const { stdout, stderr } = await client(from, 'answered', 200, bytes).ended;
          expect(stdout, explained(stderr)).to.equal('{"good":200,"of":200}\n');
        });
      }

      it(`are not held up by 50 readers that have stopped reading ${where}`, async () => {
        const stalled = client(from, 'stalled', 50);
        try {
          await waitFor('50 readers are stalled', () => stalled.stdout().includes('{"stalled":50}'), 30_000);
          const { stdout, stderr } = await client(from, 'hash', 5, MEBIBYTE).ended;
          expect(stdout, explained(stderr)).to.equal('{"good":5,"of":5}\n');
        } finally {
          stalled.child.kill('SIGTERM');
          await stalled.ended;
        }
      });
    }

    it('reach the server when the client resets at once, through a forward', async () => {
      const left = () => (servers[0]?.stdout() ?? '').split('left after 300 bytes').length - 1;
      const { stdout, stderr } = await client('this machine', 'leave', 20, 300).ended;
      expect(stdout, explained(stderr)).to.equal('{"good":20,"of":20}\n');
      await waitFor('the server has heard of 20', () => left() === 20);
    });
  });
}
