import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look, visit } from '#test/support/console-look.js';
import { Keyboard } from '#test/support/keyboard.js';
import { playNames, playServer } from '#test/support/played-names.js';
import { freePort } from '#test/support/ports.js';
import { makeNetwork } from '#test/support/set-up.js';
import { OUTSIDE_RESOLVER } from '#test/support/shared-stack.js';
import { ran } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

interface Ready {
  readonly agents: readonly { readonly name: string; readonly dnsAddress: string }[];
  readonly sandboxes: readonly { readonly id: string; readonly address: string }[];
}

const PAGE = '/networks/dev/egress';
const NAME = 'files.page.example.com';

describe("a network's page of names outside", function () {
  this.timeout(90_000);
  const at = consoleBrowser();
  const server = OUTSIDE_RESOLVER.replace(/\.53:5353$/, '.81');
  let page: Page;
  let keyboard: Keyboard;
  let resolver: { close(): Promise<void> };
  let servers: Server;
  let port: number;
  let web: string;
  let dns: string;

  before(async () => {
    const { stack, signedIn } = at();
    port = await freePort();
    resolver = await playNames(OUTSIDE_RESOLVER, new Map([[NAME, server]]));
    servers = await playServer(server, port);
    const ready: Ready = JSON.parse(readFileSync(join(stack.home, 'ready.json'), 'utf8'));
    web = ready.sandboxes.find(({ id }) => id === 'sbx-web')?.address ?? '';
    dns = ready.agents.find(({ name }) => name === 'host-a')?.dnsAddress ?? '';
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    page = await signedIn(PAGE);
    keyboard = new Keyboard(page);
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  after(async () => {
    servers?.close();
    await resolver?.close();
  });

  const form = (name: string | RegExp = 'Add rule about a name outside'): Locator => page.getByRole('form', { name });
  const receipt = (text: string): Locator =>
    page.getByRole('region', { name: 'Last change' }).filter({ hasText: text });
  const table = (name: string): Locator => page.getByRole('table', { name });

  /** The address that sbx-web gets for a name; null: the name does not exist. */
  async function lookUp(name: string): Promise<string | null> {
    const [host = '', dnsPort = ''] = dns.split(':');
    const { stdout } = await ran('dig', ['+tries=1', '+time=3', `@${host}`, '-p', dnsPort, '-b', web, name]);
    if (stdout.includes('status: NXDOMAIN')) return null;
    return /\sA\s+([\d.]+)/.exec(stdout)?.[1] ?? expect.fail(stdout);
  }

  it('says that without rules no name is reached, and what was refused lately', async () => {
    await waitFor('the name does not exist', async () => (await lookUp(NAME)) === null);
    await waitFor('its agent says that it was refused', async () => {
      const { items } = (await at().stack.json(['network', 'egress', 'denied', 'dev'])) as {
        readonly items: readonly unknown[];
      };
      return items.length > 0;
    });
    await page.reload();
    await page.getByText('no name outside exists for sandboxes by dev').waitFor();
    await table('Refused names').getByText(NAME).filter({ visible: true }).waitFor();
    expect(await table('Refused names').textContent()).to.match(/sbx-web.*files\.page.*no rule allows it.*time/s);
    await look(page, 'egress-refused', 'Refused in the last hour');
  });

  it('allows by keyboard alone what was refused: the form is filled in, and says who gains what', async () => {
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'POST' || !request.url().endsWith('/egress-rules')) return;
      const headers = request.headers();
      asked.push(`${headers['idempotency-key'] !== undefined} ${headers['if-match']}`);
    });
    await keyboard.press(page.getByRole('link', { name: `allow web ${NAME}` }));
    await form().waitFor();
    expect(await form().getByLabel('From', { exact: true }).inputValue()).to.equal('web');
    expect(await form().getByLabel('To name outside').inputValue()).to.equal(NAME);
    await keyboard.type(form().getByLabel('Port', { exact: true }), String(port));
    await keyboard.press(form().getByLabel('The name may lead to private'), 'Space');
    await form().getByText('may then reach').waitFor();
    expect(await form().textContent()).to.contain(
      `gstacks network egress allow dev --from web --to ${NAME}:${port} --private --wait`,
    );
    const [, version] = /Based on v(\d+)/.exec((await form().textContent()) ?? '') ?? [];
    await look(page, 'egress-allow', 'may then reach');
    await keyboard.press(form().getByRole('button', { name: 'Allow', exact: true }));
    await receipt(`allow web to ${NAME}:${port}`)
      .getByText(/applied by 2\/2 agents/)
      .waitFor();
    expect(asked).to.deep.equal([`true ${version}`]);
    await table('Rules about names outside').getByText(`${NAME}:${port}`).filter({ visible: true }).waitFor();
    await table('Refused names').getByText('allowed since').filter({ visible: true }).waitFor({ timeout: 20_000 });
  });

  it('tests a name as the agent would reach it, with evidence and remedy', async () => {
    const test = form('Test a name outside');
    await keyboard.press(page.getByRole('link', { name: `test ${NAME}:${port}` }));
    await keyboard.press(test.getByRole('button', { name: 'Run' }));
    const result = page.getByRole('status', { name: 'Result' });
    await result.getByText('works', { exact: true }).waitFor();
    expect(await result.textContent()).to.contain(`web may reach ${NAME}:${port}`);
    await page
      .getByRole('row', { name: /Name outside resolves/ })
      .getByText('pass')
      .waitFor();
    await keyboard.type(test.getByLabel('Port to test'), '9');
    await keyboard.press(test.getByRole('button', { name: 'Run again' }));
    await result.getByText(`may not reach ${NAME}:9`).waitFor();
    await result.getByText('matches all but the port').waitFor();
    await look(page, 'egress-test', 'matches all but the port');
  });

  it('says which connections the removal of a rule cuts, and cuts them', async () => {
    const socket = connect({ host: (await lookUp(NAME)) ?? expect.fail('no address'), port, localAddress: web });
    socket.on('error', () => {});
    try {
      await new Promise((resolve) => socket.once('data', resolve));
      await keyboard.press(page.getByRole('link', { name: /^remove rule-/ }));
      const removal = form(/^Remove rule rule-/);
      await removal.getByRole('button', { name: 'Remove rule and cut 1 connection' }).waitFor();
      expect(await removal.textContent()).to.contain('may then no longer reach');
      await look(page, 'egress-remove', 'Will be cut');
      await keyboard.press(removal.getByRole('button', { name: /^Remove rule/ }));
      await receipt('remove allow web')
        .getByText(/1 open connection cut/)
        .waitFor();
      await waitFor('the connection is cut', () => socket.destroyed);
    } finally {
      socket.destroy();
    }
  });

  it('says beside the field what the control plane refuses, before anything is sent', async () => {
    for (const [name, said] of [
      ['*.com', 'anybody can register names below com'],
      ['10.0.0.1', 'addresses cannot be allowed'],
    ] as const) {
      await visit(page, `${PAGE}?add=allow&from=web&to=${name}&port=443`);
      await form().getByLabel('To name outside').focus();
      await page.keyboard.press('Tab');
      await form().getByText(said).waitFor();
    }
    await look(page, 'egress-refusal', 'addresses cannot be allowed');
  });
});
