import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from '#test/support/chromium.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';
import { type BenchRow, median } from './report.js';

const SANDBOXES = 200;
const AT_ONCE = 10;
const ROUNDS = 5;
const SANDBOXES_WITHIN_MS = 60_000;

/**
 * The console in a real browser, on a stack with a network of 200 sandboxes: medians of five loads, each in a new
 * browser.
 */
export default async function benchConsole(): Promise<readonly BenchRow[]> {
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct' });
  try {
    await attachMany(stack);
    const rounds: Round[] = [];
    while (rounds.length < ROUNDS) rounds.push(await measure(stack));
    const row = (work: string, budget: string, unit: string, of: (round: Round) => number): BenchRow => ({
      ...{ work, budget, measured: `${Math.round(median(rounds.map(of)))} ${unit}`, peer: '-' },
    });
    return [
      row('console: first load, compressed', 'under 300 kB', 'kB', ({ firstLoadBytes }) => firstLoadBytes / 1_000),
      row('console: networks, to live and interactive', '-', 'ms', ({ interactiveMs }) => interactiveMs),
      row(`console: map of ${SANDBOXES}, from its tab to drawn`, '-', 'ms', ({ mapMs }) => mapMs),
      row('console: longest task until then', '-', 'ms', ({ longestTaskMs }) => longestTaskMs),
    ];
  } finally {
    await stack.remove();
  }
}

interface Round {
  readonly firstLoadBytes: number;
  readonly interactiveMs: number;
  readonly mapMs: number;
  readonly longestTaskMs: number;
}

async function measure(stack: RunningStack): Promise<Round> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ baseURL: stack.url, viewport: { width: 1280, height: 840 } });
    await page.addInitScript(`window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: 'longtask', buffered: true })`);
    const { path } = (await post(stack, '/v1/sign-in-codes', {})) as { readonly path: string };
    const began = performance.now();
    await page.goto(path);
    await page.getByRole('link', { name: 'dev', exact: true }).first().waitFor();
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
    const interactiveMs = performance.now() - began;
    const firstLoadBytes = await loadedBytes(page);
    await page.getByRole('link', { name: 'dev', exact: true }).first().click();
    const tab = page.getByRole('navigation', { name: 'dev' }).getByRole('link', { name: 'Map' });
    await tab.waitFor();
    const opened = performance.now();
    await tab.click();
    await page.locator('.map-frame').first().waitFor();
    await page.getByText('what a deny touches comes first').waitFor();
    const mapMs = performance.now() - opened;
    return { firstLoadBytes, interactiveMs, mapMs, longestTaskMs: Number(await page.evaluate('window.longest')) };
  } finally {
    await browser.close();
  }
}

async function loadedBytes(page: Page): Promise<number> {
  const sizes = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !name.includes('/v1/')).map(({ encodedBodySize }) => encodedBodySize)`;
  return ((await page.evaluate(sizes)) as readonly number[]).reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Half of the sandboxes on each host, each with an alias; every tenth may be reached by all, and every twentieth by no
 * web server.
 */
async function attachMany(stack: RunningStack): Promise<void> {
  const ids = Array.from({ length: SANDBOXES }, (_, index) => `bench-${String(index).padStart(3, '0')}`);
  for (const [host, name] of ['host-a', 'host-b'].entries()) {
    const file = join(stack.home, 'sandboxes', `${name}.yaml`);
    const own = ids.filter((_, index) => index % 2 === host);
    const lines = own.map((id, index) => `- id: ${id}\n  address: 127.79.${100 + host}.${index + 1}\n`);
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${lines.join('')}`);
  }
  await waitFor(
    'every sandbox is reported',
    async () => ((await stack.json(['sandbox', 'list'])) as { readonly items: unknown[] }).items.length >= SANDBOXES,
    SANDBOXES_WITHIN_MS,
  );
  await post(stack, '/v1/networks', { name: 'dev' });
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE);
    await Promise.all(
      some.map((sandboxId) =>
        post(stack, '/v1/networks/dev/attachments', { sandboxId, alias: sandboxId, ports: ['8080'] }),
      ),
    );
  }
  for (const [index, to] of ids.entries()) {
    if (index % 10 !== 0) continue;
    const effect = index % 20 === 0 ? 'deny' : 'allow';
    const from = effect === 'deny' ? (ids[index + 1] ?? 'any') : 'any';
    await post(stack, '/v1/networks/dev/rules', { effect, from, to, port: 8080 });
  }
}

async function post(stack: RunningStack, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${stack.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`POST ${path}: ${await answer.text()}`);
  return answer.json();
}
