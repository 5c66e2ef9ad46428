import { expect } from 'chai';
import type { Page, Route } from 'playwright-core';
import { enrollmentLine } from '#libs/contracts/enrollment-line.js';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look, visit } from '#test/support/console-look.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { stopProcesses } from '#test/support/stopped.js';

/** Holds the requests of a path until the test releases them. */
async function held(page: Page, path: string): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const hold = async (route: Route): Promise<void> => {
    await promise;
    await route.continue();
  };
  await page.route(path, hold);
  return async () => {
    resolve();
    await page.unroute(path, hold);
  };
}

describe('a state of the console', function () {
  this.timeout(60_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'closed', '--port', '7777', '--wait']);
    await allow(stack, 'dev', 'web', 'closed', 7777);
    page = await signedIn('/networks/dev');
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  it('loading: the headings of what is awaited, and after three seconds that there is no answer yet', async () => {
    const other = await page.context().newPage();
    const letGo = await held(other, '**/v1/networks?*');
    await other.goto('/networks');
    await other.getByText('Asked 3 s ago, no answer yet.').waitFor();
    await other.getByRole('columnheader', { name: 'Applied by agents' }).waitFor();
    await look(other, 'loading', 'no answer yet');
    await letGo();
    await other.getByRole('link', { name: 'dev', exact: true }).first().waitFor();
    await other.close();
  });

  it('error: what the control plane said, its remedy and code, and a way to ask again', async () => {
    const path = '**/v1/networks/dev/rules?*';
    const problem = {
      title: 'Service Unavailable',
      status: 503,
      code: 'STORE_UNAVAILABLE',
      detail: 'the database does not answer',
      remedy: 'try again in a moment, see `gstacks network status dev`',
    };
    const refuse = (route: Route): Promise<void> =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    const other = await page.context().newPage();
    await other.route(path, refuse);
    await other.goto('/networks/dev/policy');
    const alert = other.getByRole('alert').filter({ hasText: problem.code });
    await alert.waitFor();
    expect(await alert.locator('.mono', { hasText: 'gstacks network status dev' }).count()).to.equal(1);
    await look(other, 'error', problem.detail);
    await other.unroute(path, refuse);
    await alert.getByRole('button', { name: 'Ask again' }).click();
    await other.getByRole('table', { name: 'Rules' }).getByText('closed:7777').first().waitFor();
    await other.close();
  });

  it('a check that failed: which one, at which agent, and what to do', async () => {
    const letGo = await held(page, '**/v1/networks/dev/verdict?*');
    await visit(page, '/networks/dev/diagnostics?from=web&to=closed&port=7777');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('region', { name: 'Asking' }).getByText('no verdict yet').waitFor();
    await look(page, 'diagnostics-asking', 'no verdict yet');
    await letGo();
    const result = page.getByRole('status', { name: 'Result' });
    await result.getByText('does not work').waitFor();
    expect(await result.textContent()).to.match(/First check that failed.*TARGET_ACCEPTS at host-b.*What to do/s);
    await page.locator('table.checks').getByRole('columnheader', { name: 'control plane' }).waitFor();
    await look(page, 'diagnostics-failed', 'does not work');
  });

  it('checks that were stopped: who had answered, and nothing of what comes later', async () => {
    const letGo = await held(page, '**/v1/networks/dev/tests');
    await visit(page, '/networks/dev/diagnostics?from=web&to=closed&port=7777&agents=all');
    await page.getByRole('button', { name: 'Check every agent' }).click();
    await page.locator('table.checks').getByText('asked').first().waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('button', { name: 'Run again', exact: true }).waitFor();
    const result = page.getByRole('status', { name: 'Result' });
    await result.getByText('not known').waitFor();
    await page.locator('table.checks').getByText('stopped before it answered').first().waitFor();
    await look(page, 'diagnostics-stopped', 'stopped before it answered');
    await letGo();
    // Once a later request is answered, the answers released before it have arrived as well.
    await page.getByRole('button', { name: 'Run again', exact: true }).click();
    await result.getByText('does not work').waitFor();
    expect(await page.locator('table.checks').getByText('stopped before').count()).to.equal(0);
  });

  it('a stale agent: what the changes since its version took away, and that it may still let that through', async () => {
    const { stack } = at();
    const stale = { status: 'STALE', appliedVersion: 5, reason: 'not acknowledged in 9000 ms' };
    const applied = { confirmed: 1, expected: 2, elapsedMs: null, flowsCut: 0 };
    const network = { status: 'STALE', applied: { ...applied, missing: [{ agentId: 'host-b', ...stale }] } };
    const edit = async (route: Route): Promise<void> => {
      const response = await route.fetch();
      const body = (await response.json()) as { items?: object[]; agents?: { agentId: string }[] };
      const items = body.items?.map((each) => ({ ...each, ...network }));
      const agents = body.agents?.map((agent) =>
        agent.agentId === 'host-b' ? { ...agent, ...stale, tookMs: null, flowsCut: null } : agent,
      );
      const parts = { ...(items && { items }), ...(agents && { agents }) };
      await route.fulfill({ response, json: { ...body, ...(items ? {} : network), ...parts } });
    };
    const paths = ['**/v1/networks?*', '**/v1/networks/dev', '**/v1/networks/dev/status'];
    for (const path of paths) await page.route(path, edit);
    await page.goto('/networks');
    await page.getByText('host-b has v5: not acknowledged in 9000 ms').waitFor();
    await look(page, 'networks-stale', 'See what it may still let through');
    await page.getByRole('link', { name: 'See what it may still let through' }).click();
    const behind = page.getByRole('region', { name: 'What may still be let through' });
    await behind.getByText('no change since v5 took anything away').waitFor();
    await stack.json(['network', 'policy', 'deny', 'dev', '--from', 'any', '--to', 'web', '--port', '8080', '--wait']);
    await behind.getByText('deny any to web:8080').waitFor();
    expect(await behind.getByRole('listitem').filter({ hasText: 'allow' }).count()).to.equal(0);
    await look(page, 'stale-agent', 'it may still let through');
    for (const path of paths) await page.unroute(path, edit);
    // Nothing tells the page that an answer was forged: it is reloaded.
    await page.goto('/networks/dev');
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  it("a sandbox that does not ask its agent for names: the driver's remedy comes first", async () => {
    const remedy =
      'its DNS queries cannot be redirected to the agent (nsenter is not there); create shop-api-1 again with --network gstacks --dns 172.30.0.1';
    const path = '**/v1/sandboxes/sbx-api';
    const edit = async (route: Route): Promise<void> => {
      const response = await route.fetch();
      const sandbox = (await response.json()) as Record<string, unknown>;
      await route.fulfill({ response, json: { ...sandbox, dns: 'restart-required', dnsRemedy: remedy } });
    };
    await page.route(path, edit);
    await visit(page, '/sandboxes/sbx-api');
    const trouble = page.getByRole('region', { name: 'DNS' });
    await trouble.getByText('its DNS queries cannot be redirected to the agent').waitFor();
    await trouble.getByText('gstacks network reattach dev sbx-api').waitFor();
    await look(page, 'dns-restart-required', 'its DNS queries cannot be redirected to the agent');
    await page.unroute(path, edit);
  });

  it('a new token is shown once, and no longer when its form is closed', async () => {
    await visit(page, '/tokens');
    await page.getByRole('button', { name: 'Create token' }).click();
    const form = page.getByRole('form', { name: 'Create token' });
    await form.getByLabel('User').fill('ada');
    await form.getByRole('button', { name: 'Create token' }).click();
    await form.getByText('Shown once').waitFor();
    const token = /gst_[A-Za-z0-9_-]+/.exec((await form.textContent()) ?? '')?.[0] ?? '';
    expect(token).to.not.equal('');
    expect(await form.getByRole('button', { name: 'Create token' }).count(), 'a second click makes no second').to.equal(
      0,
    );
    await look(page, 'token-created', 'Shown once');
    await form.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('table', { name: 'Tokens' }).getByText('ada').waitFor();
    expect(await page.content()).to.not.contain(token);
  });

  it('an enrolment shows once the whole line that enrols the host', async () => {
    await visit(page, '/agents');
    await page.getByRole('button', { name: 'Enrol an agent' }).click();
    const form = page.getByRole('form', { name: 'Enrol an agent' });
    await form.getByLabel('Name').fill('host-c');
    await form.getByRole('button', { name: 'Make a one-time token' }).click();
    await form.getByText('Shown once').waitFor();
    const line = (await form.locator('.command-line .text').first().textContent()) ?? '';
    const url = new URL(page.url()).origin;
    const token = /gse_[A-Za-z0-9_-]{43}/.exec(line)?.[0] ?? 'no token';
    expect(line).to.equal(enrollmentLine({ name: 'host-c', token, meshTransport: 'direct' }, url));
    await look(page, 'agent-enrolled', 'Shown once');
  });

  it('not live: how old the page is, in the past tense, and nothing can be written', async () => {
    const { stack } = at();
    await visit(page, '/networks/dev');
    await page.getByRole('region', { name: 'Last change' }).getByText('synced').waitFor();
    const stopped = stack.pid('control-plane');
    await stopProcesses(stopped);
    try {
      const status = page.locator('footer.status-line');
      await status.getByText('not live', { exact: true }).waitFor({ timeout: 30_000 });
      expect(await status.textContent()).to.match(/since \d\d:\d\d:\d\d, .* old/);
      await page.getByText(/^You see dev as it was at \d\d:\d\d:\d\d\.$/).waitFor();
      await page.getByText('was synced').first().waitFor();
      expect(await page.locator('.ok').count(), 'nothing is shown in green').to.equal(0);
      await look(page, 'not-live', 'You see dev as it was at');
    } finally {
      process.kill(stopped, 'SIGCONT');
    }
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
  });

  it('a quarantined network: that nobody serves it, since when, and how that ends', async () => {
    const { stack } = at();
    await stack.json(['network', 'quarantine', 'dev', '--wait']);
    try {
      await visit(page, '/networks/dev');
      const said = page.getByRole('region', { name: 'Last change' });
      await said.getByText('quarantined', { exact: true }).waitFor();
      await said.getByText('gstacks network quarantine dev --lift --wait').waitFor();
      const aliases = page.getByRole('table', { name: 'Aliases' });
      await aliases.getByText('no agent serves it').first().waitFor();
      expect(await aliases.getByText('answered').count(), 'no name is answered').to.equal(0);
      await look(page, 'quarantined', 'No agent serves');
      await visit(page, '/networks');
      await page.getByText('no agent serves it until').waitFor();
      await look(page, 'networks-quarantined', 'no agent serves it until');
    } finally {
      await stack.json(['network', 'quarantine', 'dev', '--lift', '--wait']);
    }
  });

  it('somebody who may only look: what may not be done is shown, disabled, with the role that it needs', async () => {
    const { signedIn, token } = at();
    const viewer = await signedIn('/networks/dev', await token('vera', 'viewer'));
    await viewer.getByText('Changing it needs the role operator.').waitFor();
    await look(viewer, 'viewer', 'Changing it needs the role operator.');
  });
});
