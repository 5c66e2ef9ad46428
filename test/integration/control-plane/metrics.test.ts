import { expect } from 'chai';
import { complaints, describedMetrics, metricsOf, seriesValue } from '#test/support/metric-page.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

describe('the metrics of the control plane', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  after(() => controlPlane.end());

  const page = async () => (await callApi(controlPlane.url, 'GET', '/metrics')).text;

  it('count agents and networks by state, and say how long the oldest change is unproven', async () => {
    const agent = await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const before = await page();
    expect(seriesValue(before, 'gs_agents{state="ONLINE"}')).to.equal(1);
    expect(seriesValue(before, 'gs_agents{state="OFFLINE"}')).to.equal(0);
    expect(seriesValue(before, 'gs_networks{state="EMPTY"}')).to.equal(1);
    expect(seriesValue(before, 'gs_oldest_unproven_change_seconds')).to.equal(0);
    agent.stop();
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    const age = async () => seriesValue(await page(), 'gs_oldest_unproven_change_seconds') ?? 0;
    const first = await age();
    expect(first).to.be.greaterThan(0);
    await controlPlane.call('POST', '/v1/networks/dev/attachments/sbx-api/reattach');
    expect(await age(), 'a later change of the network hides no earlier one').to.be.greaterThan(first);
    agent.goOn();
    await waitFor('it is proven', async () => (await age()) === 0);
    expect(seriesValue(await page(), 'gs_networks{state="SYNCED"}')).to.equal(1);
  });

  it('measure requests by route and status, and events from their write to those who are told', async () => {
    await controlPlane.call('GET', '/v1/networks/none');
    await callApi(controlPlane.url, 'GET', '/nowhere/1');
    const text = await page();
    const requests = (labels: string) => seriesValue(text, `gs_http_request_duration_seconds_count{${labels}}`);
    expect(requests('method="GET",route="/v1/networks/:network",code="404"')).to.equal(1);
    expect(text).to.not.contain('nowhere');
    expect(seriesValue(text, 'gs_event_lag_seconds_count')).to.be.greaterThan(1);
  });

  it('have names, help and units that Prometheus asks for, and stand in docs/metrics.md', async () => {
    const text = await page();
    expect(complaints(text)).to.deep.equal([]);
    const described = describedMetrics();
    const own = metricsOf(text).filter(({ name }) => name.startsWith('gs_'));
    expect(own).to.have.length.at.least(21);
    for (const { name, help } of own) expect(help, name).to.equal(described.get(name));
  });
});
