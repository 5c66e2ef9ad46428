import { expect } from 'chai';
import { TestControlPlane } from './setup.js';

describe('networks over HTTP', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web']);
    await controlPlane.agent('host-b', ['sbx-api']);
  });

  after(() => controlPlane.end());

  it('creates a network, attaches a sandbox with an alias and allows traffic', async () => {
    const created = await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    expect(created.status).to.equal(201);
    expect(created.body).to.include({ network: 'dev', version: 1, changed: true });
    expect(created.body.result).to.include({ suffix: 'dev.gstacks', mode: 'agent_proxy', status: 'EMPTY' });

    const attached = await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080', '80:9090'],
    });
    expect(attached.status).to.equal(201);
    expect(attached.body).to.include({ version: 3, changed: true });

    const aliases = await controlPlane.call('GET', '/v1/networks/dev/aliases');
    expect(aliases.body.items).to.deep.equal([
      {
        alias: 'api',
        name: 'api.dev.gstacks',
        sandboxId: 'sbx-api',
        agentId: 'host-b',
        ports: [
          { published: 80, target: 9090 },
          { published: 8080, target: 8080 },
        ],
      },
    ]);

    const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
    const allowed = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    expect(allowed.body).to.include({ version: 4, changed: true });
    expect(allowed.body.result).to.include(rule);
    const again = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    expect(again.body).to.include({ version: 4, changed: false });
    expect(again.body.result).to.deep.equal(allowed.body.result);
  });
});
