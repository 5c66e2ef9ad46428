import { expect } from 'chai';
import { followBusyNetworks } from '#test/support/busy-networks.js';
import { TestControlPlane } from './setup.js';

const SECONDS = 2;
const CHANGES_PER_SECOND = 100;

/** `npm run soak -- --streams` does the same for a minute, with agents and browsers. */
describe('200 readers of the stream of events, while 100 changes are written each second', function () {
  this.timeout(120_000);
  let controlPlane: TestControlPlane;
  const networks = Array.from({ length: 8 }, (_, index) => `busy-${index}`);

  before(async () => {
    // The simulated agent acknowledges, and sends no heartbeats.
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_OFFLINE_AFTER_SECONDS: '3600' });
    await controlPlane.agent('host-a', ['sbx-api']);
    for (const name of networks) {
      await controlPlane.call('POST', '/v1/networks', { name });
      const api = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
      await controlPlane.call('POST', `/v1/networks/${name}/attachments`, api);
    }
  });

  after(() => controlPlane.end());

  it('are told each change once and in order, and all end with the true state', async () => {
    const { changes, told } = await followBusyNetworks({
      ...{ url: controlPlane.url, token: controlPlane.adminToken, networks },
      ...{ readers: 200, changesPerSecond: CHANGES_PER_SECOND, seconds: SECONDS },
    });
    expect(changes).to.equal(CHANGES_PER_SECOND * SECONDS);
    expect(told).to.be.greaterThan(200 * changes);
  });
});
