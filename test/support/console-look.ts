import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CLONE } from './clone.js';

/** For people, who compare them with the design, and only on request: no test reads them. Git ignores the folder. */
const PICTURES = process.env.CONSOLE_PICTURES === '1' ? join(CLONE, '.cache', 'console-pictures') : null;
const WIDTHS = [390, 1280];
const HEIGHT = 840;

/**
 * Both themes show the same markup, and only its colours differ. So all rules of axe run once for each width, and in
 * the dark theme only the rule about contrast.
 */
const LOOKS = [
  { colorScheme: 'light', options: "{ resultTypes: ['violations'] }" },
  { colorScheme: 'dark', options: "{ resultTypes: ['violations'], runOnly: ['color-contrast'] }" },
] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Loading axe takes as long as running it, so it is loaded once for each load of the page. */
async function violations(page: Page, options: string): Promise<readonly string[]> {
  // The content security policy does not apply to code that a debugger evaluates.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const found = (await page.evaluate(
    `axe.run(document, ${options}).then(({ violations }) => violations)`,
  )) as readonly Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

/** As a link does: the page stays loaded and keeps following the stream of events. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
}

/**
 * In both themes and at both widths: checks that axe finds nothing and nothing is wider than the page, and takes a
 * picture if pictures are wanted.
 */
export async function look(page: Page, name: string, text: string): Promise<void> {
  if (PICTURES !== null) mkdirSync(PICTURES, { recursive: true });
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    await page.getByText(text).filter({ visible: true }).first().waitFor();
    // As high as the page, so that the status line is at the end of the picture and not in its middle.
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
    if (height > HEIGHT) await page.setViewportSize({ width, height });
    for (const { colorScheme, options } of LOOKS) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (PICTURES !== null) await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`) });
      found.push(...(await violations(page, options)).map((each) => `${width} ${colorScheme}: ${each}`));
    }
    const isNarrow = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
    if (isNarrow !== true) found.push(`${width}: it scrolls sideways`);
  }
  await page.setViewportSize({ width: 1280, height: HEIGHT });
  expect(found).to.deep.equal([]);
}
