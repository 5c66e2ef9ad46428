import { expect } from 'chai';
import { addressesOf, curl, expectReset } from '#test/support/sandboxes.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import type { RunningStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { waitFor } from '#test/support/wait.js';

const API = 'http://api.dev.gstacks:8080/';

for (const mesh of MESHES) {
  describe(`sandboxes in namespaces of their own, over ${mesh}`, function () {
    this.timeout(60_000);
    const at = sharedStack('netns', mesh);
    let stack: RunningStack;

    before(async function () {
      this.timeout(150_000);
      stack = at();
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:80:9090' });
      await makeNetwork(stack, 'other', { 'sbx-api': 'api:8080' });
    });

    it('resets what no rule allows, before a byte reaches the target', async () => {
      expectReset(await curl(stack, 'sbx-web', API));
      await waitFor('the status of the network to count it', async () =>
        /host-a: connections refused since it started: .*DEFAULT_DENY/.test(
          (await stack.gstacks('network', 'status', 'dev')).stdout,
        ),
      );
    });

    it('answers across hosts by alias once it is allowed', async () => {
      await allow(stack, 'dev', 'web', 'api', 8_080);
      const { stdout, stderr } = await curl(stack, 'sbx-web', API);
      expect(stdout, stderr).to.equal('{"sandbox":"sbx-api"}\n');
    });

    it('answers on the same host by alias once it is allowed, on the published port', async () => {
      expectReset(await curl(stack, 'sbx-api', 'http://worker.dev.gstacks/'));
      await allow(stack, 'dev', 'api', 'worker', 80);
      const { stdout, stderr } = await curl(stack, 'sbx-api', 'http://worker.dev.gstacks/');
      expect(stdout, stderr).to.equal('{"sandbox":"sbx-worker"}\n');
    });

    it('lets the sandbox see the names of its own networks alone', async () => {
      const dig = async (sandbox: string, name: string): Promise<string> => {
        const { stdout } = await stack.inSandbox(sandbox, 'dig', '+tries=1', '+time=3', name).ended;
        return /status: ([A-Z]+)/.exec(stdout)?.[1] ?? stdout;
      };
      const absent = (sandbox: string, name: string) =>
        waitFor(`${name} is known to be absent`, async () => (await dig(sandbox, name)) === 'NXDOMAIN');
      expect(await dig('sbx-web', 'api.dev.gstacks')).to.equal('NOERROR');
      await absent('sbx-web', 'api.other.gstacks');
      await absent('sbx-worker', 'api.other.gstacks');
      expect(await dig('sbx-api', 'api.other.gstacks')).to.equal('NOERROR');
      expect(await dig('sbx-web', 'nobody.dev.gstacks')).to.equal('NXDOMAIN');
    });

    for (const [where, from] of [
      ['on the same host', 'sbx-worker'],
      ['across hosts', 'sbx-web'],
    ] as const) {
      for (const family of ['v4', 'v6'] as const) {
        it(`has no way around the proxy ${where}, ${family}`, async () => {
          const address = (await addressesOf(stack, 'sbx-api'))[family];
          expect(address, `sbx-api has a ${family} address`).to.not.equal('');
          const url = family === 'v4' ? `http://${address}:8080/` : `http://[${address}]:8080/`;
          const own = await curl(stack, 'sbx-api', url);
          expect(own.stdout, 'the sandbox itself answers there').to.contain('sbx-api');
          const direct = await stack.inSandbox(from, 'curl', '-sS', '--max-time', '3', url).ended;
          expect(direct.stdout).to.equal('');
          expect([7, 28], direct.stderr).to.include(direct.code);
        });
      }
    }

    it('adds and removes an alias while everything runs', async () => {
      await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'late', '--port', '9090', '--wait']);
      await allow(stack, 'dev', 'web', 'late', 9_090);
      const url = 'http://late.dev.gstacks:9090/';
      const { stdout, stderr } = await curl(stack, 'sbx-web', url);
      expect(stdout, stderr).to.equal('{"sandbox":"sbx-api"}\n');
      const removed = (await stack.json(['network', 'alias', 'remove', 'dev', 'late', '--wait'])) as {
        readonly applied: { readonly confirmed: number; readonly expected: number };
      };
      expect(removed.applied.confirmed).to.equal(removed.applied.expected);
      const gone = await curl(stack, 'sbx-web', url);
      expect(gone.code, gone.stderr).to.equal(6);
    });
  });
}
