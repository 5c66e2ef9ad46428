import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CLONE } from '#test/support/clone.js';
import { consoleBrowser } from '#test/support/console-browser.js';
import { makeNetwork } from '#test/support/set-up.js';

/** Looked at by people, side by side with the design; git ignores the folder. */
const PICTURES = join(CLONE, '.cache', 'console-pictures');
const WIDTHS = [1280, 390];
const THEMES = ['light', 'dark'] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds on the page as it is; the content security policy does not hold for what a debugger evaluates. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run(document).then(({ violations }) => violations)')) as readonly Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

describe('the pages of the console', function () {
  this.timeout(60_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    mkdirSync(PICTURES, { recursive: true });
    page = await signedIn('/networks');
    await page.getByRole('heading', { name: 'No networks yet' }).waitFor();
    await look('first-run', 'No networks yet');
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:9090' });
    await stack.json(['network', 'create', 'staging']);
    await stack.json(['sandbox', 'label', 'sbx-web', 'tier=web']);
    await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'queue', '--port', '5672']);
    for (const [effect, from, to, port] of [
      ['allow', 'web', 'api', '8080'],
      ['allow', 'local', 'api', '8080'],
      ['allow', 'any', 'worker', '9090'],
      ['deny', 'label:tier=web', 'worker', '9090'],
      ['allow', 'any', 'queue', '5672'],
    ] as const) {
      await stack.json(['network', 'policy', effect, 'dev', '--from', from, '--to', to, '--port', port, '--wait']);
    }
    await stack.json(['network', 'alias', 'remove', 'dev', 'queue', '--wait']);
  });

  /** In both themes and at both widths: a picture, and axe finds nothing. */
  async function look(name: string, text: string): Promise<void> {
    const found: string[] = [];
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 840 });
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.getByText(text).filter({ visible: true }).first().waitFor();
        await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        found.push(...(await violations(page)).map((each) => `${width} ${colorScheme}: ${each}`));
      }
    }
    expect(found).to.deep.equal([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'it scrolls sideways').to.equal(
      true,
    );
  }

  for (const [name, path, text] of [
    ['networks', '/networks', 'What each agent holds'],
    ['network', '/networks/dev', 'What no rule allows is denied.'],
    ['aliases', '/networks/dev/aliases?add=open', 'Add alias'],
    ['policy', '/networks/dev/policy?add=deny&from=web&to=api&port=8080', 'Will change'],
    ['attachments', '/networks/dev/attachments?attach=open', 'Attach sandbox'],
    ['members', '/networks/dev/members', 'Mesh, and connections refused'],
    ['diagnostics', '/networks/dev/diagnostics?from=web&to=api&port=8080', 'nothing runs through a shell'],
    ['map', '/networks/dev/map', 'what a deny touches comes first'],
    ['empty-network', '/networks/staging', 'nothing may reach anything in staging'],
    ['sandboxes', '/sandboxes', 'sbx-worker'],
    ['sandbox', '/sandboxes/sbx-api', 'Who may reach it in dev'],
    ['agents', '/agents', 'host-b'],
    ['agent', '/agents/host-a', 'by its own acknowledgements'],
    ['local-nodes', '/local-nodes', "no developer's machine is joined"],
    ['sessions', '/sessions', 'Sign out everywhere'],
    ['tokens', '/tokens', 'Create token'],
    ['not-found', '/networks/nowhere', 'not found'],
  ] as const) {
    it(`${name} is as readable in the dark, at 390 px and to axe`, async () => {
      await page.goto(path);
      await look(name, text);
    });
  }

  it('sign-in is as readable in the dark, at 390 px and to axe', async () => {
    await page.goto('/sign-in');
    await look('sign-in', 'gstacks console');
  });
});
