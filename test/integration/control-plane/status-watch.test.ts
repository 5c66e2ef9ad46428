import { once } from 'node:events';
import { expect } from 'chai';
import { Gstacks } from '#test/integration/cli/gstacks.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

describe('gstacks network status --watch', function () {
  this.timeout(60_000);
  let controlPlane: TestControlPlane;
  let gstacks: Gstacks;

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_HTTP_LISTEN: `127.0.0.1:${await freePort()}` });
    gstacks = await Gstacks.create();
  });

  after(async () => {
    await gstacks.remove();
    await controlPlane.end();
  });

  it('shows each change as it comes, says when it is not live, and goes on after a restart', async () => {
    const agent = await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const env = { GLOBALSTACKS_URL: controlPlane.url, GLOBALSTACKS_TOKEN: controlPlane.adminToken };
    const child = gstacks.start(['network', 'status', 'dev', '--watch', '--json'], { env });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const lines = () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { live?: boolean; version: number; status: string });
    const shows = (version: number, status: string, from = 0) =>
      waitFor(`version ${version} ${status}`, () =>
        lines()
          .slice(from)
          .some((line) => line.version === version && line.status === status),
      );
    await shows(1, 'EMPTY');
    agent.stop();
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    await shows(2, 'PENDING');
    agent.goOn();
    await shows(2, 'SYNCED');
    await controlPlane.call('POST', '/v1/networks', { name: 'other' });
    await controlPlane.stop();
    await waitFor('not live', () => lines().some(({ live }) => live === false));
    const before = lines().length;
    await controlPlane.startAgain();
    await agent.contact('heartbeat');
    await shows(2, 'SYNCED', before);
    const texts = lines().map((line) => JSON.stringify({ ...line, agents: null, placements: null }));
    expect(texts.every((text) => !text.includes('"other"'))).to.equal(true);
    child.kill('SIGINT');
    expect(await once(child, 'close')).to.deep.equal([0, null]);
  });

  it('ends when the network is not there, or is not any more', async () => {
    const env = { GLOBALSTACKS_URL: controlPlane.url, GLOBALSTACKS_TOKEN: controlPlane.adminToken };
    const none = await gstacks.run(['network', 'status', 'none', '--watch'], { env });
    expect([none.exitCode, none.stderr.includes('NETWORK_NOT_FOUND')]).to.deep.equal([6, true]);
    const stranger = await gstacks.run(['network', 'status', 'dev', '--watch'], {
      env: { ...env, GLOBALSTACKS_TOKEN: 'x'.repeat(30) },
    });
    expect([stranger.exitCode, stranger.stderr.includes('UNAUTHENTICATED')]).to.deep.equal([2, true]);
  });
});
