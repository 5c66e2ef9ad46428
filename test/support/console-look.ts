import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CLONE } from './clone.js';

/** Looked at by people, side by side with the design; git ignores the folder. */
const PICTURES = join(CLONE, '.cache', 'console-pictures');
const WIDTHS = [390, 1280];
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

/** In both themes and at both widths: a picture, axe finds nothing, and nothing is wider than the page. */
export async function look(page: Page, name: string, text: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 840 });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.getByText(text).filter({ visible: true }).first().waitFor();
      await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      found.push(...(await violations(page)).map((each) => `${width} ${colorScheme}: ${each}`));
    }
    const isNarrow = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
    if (isNarrow !== true) found.push(`${width}: it scrolls sideways`);
  }
  expect(found).to.deep.equal([]);
}
