import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { followBusyNetworks } from '#test/support/busy-networks.js';
import { launchChromium } from '#test/support/chromium.js';
import { InspectedProcess, type Memory } from '#test/support/inspected-process.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';

const NETWORKS = Array.from({ length: 20 }, (_, index) => `busy-${index}`);
const READERS = 200;
const CHANGES_PER_SECOND = 100;
const MEMORY_EVERY_SECONDS = 5;
/** Allowed growth of caches that are not full yet: the last versions of each network, and compiled code. */
const HEAP_SLACK_MB = 8;
const RESIDENT_SLACK_MB = 24;

/**
 * Readers of the stream of events and two browsers with open pages, on a whole stack, while changes are written for
 * this many seconds. False: a reader does not end with the right state, or the control plane's memory has grown.
 */
export async function soakStreams(seconds: number, say: (line: string) => void): Promise<boolean> {
  const env = { NODE_OPTIONS: '--inspect-port=0' };
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stack.remove().finally(() => process.exit(1)));
  }
  const browsers = await Promise.all([launchChromium(), launchChromium()]);
  try {
    for (const network of NETWORKS) await makeNetwork(stack, network, { 'sbx-api': 'api:8080', 'sbx-web': 'web:8080' });
    const [list, policy] = await Promise.all(
      browsers.map(async (browser) => signedIn(stack, await browser.newPage({ baseURL: stack.url }))),
    );
    if (list === undefined || policy === undefined) throw new Error('no browser has started');
    await policy.goto(`/networks/${NETWORKS[0]}/policy`);
    for (const page of [list, policy]) await page.evaluate('window.isTheSamePage = true');

    const inspected = await InspectedProcess.open(stack.pid('control-plane'), () => stack.log('control-plane'));
    const kept: Promise<Memory>[] = [];
    const residentMb: number[] = [];
    const report = await followBusyNetworks({
      ...{ url: stack.url, token: stack.token, networks: NETWORKS },
      ...{ readers: READERS, changesPerSecond: CHANGES_PER_SECOND, seconds },
      eachSecond: () => {
        residentMb.push(residentMbOf(stack.pid('control-plane')));
        if (residentMb.length % MEMORY_EVERY_SECONDS === 0) kept.push(inspected.memoryKept());
      },
    });
    const memory = await Promise.all(kept);
    inspected.close();
    say(
      `${report.changes} changes in ${report.seconds.toFixed(1)} s, ` +
        `${(report.changes / report.seconds).toFixed(0)} a second, answered in ${report.p99Ms.toFixed(0)} ms (p99); ` +
        `${report.told} messages to ${READERS} readers, all true ${(report.settledMs / 1_000).toFixed(1)} s after the last change`,
    );
    const isShown = await showsTheTruth(stack, list, policy, say);
    say(`the control plane took up to ${Math.max(...residentMb)} MB between collections`);
    return isFlat(memory, say) && isShown;
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
    await stack.remove();
  }
}

async function signedIn(stack: RunningStack, page: Page): Promise<Page> {
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' };
  const code = await fetch(`${stack.url}/v1/sign-in-codes`, { method: 'POST', headers, body: '{}' });
  await page.goto(((await code.json()) as { readonly path: string }).path);
  await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  return page;
}

/** Neither page was reloaded; both are live, and show each network's version as applied by both agents. */
async function showsTheTruth(
  stack: RunningStack,
  list: Page,
  policy: Page,
  say: (line: string) => void,
): Promise<boolean> {
  const { items } = (await stack.json(['network', 'list'])) as {
    readonly items: readonly { readonly name: string; readonly version: number; readonly rules: number }[];
  };
  try {
    for (const page of [list, policy]) {
      await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
      if ((await page.evaluate('window.isTheSamePage')) !== true) throw new Error('a page was loaded again');
    }
    for (const { name, version } of items) {
      const row = list.getByRole('row', { name: new RegExp(`^${name} `) }).first();
      await row
        .filter({ hasText: String(version) })
        .filter({ hasText: '2/2' })
        .getByText('synced')
        .waitFor();
    }
    const [first] = items.filter(({ name }) => name === NETWORKS[0]);
    await policy
      .getByRole('region', { name: 'Last change' })
      .getByText(`v${first?.version}`, { exact: true })
      .waitFor();
    const rows = policy.getByRole('table', { name: 'Rules' }).locator('tbody tr');
    if ((await rows.count()) !== first?.rules) throw new Error(`${await rows.count()} rules, not ${first?.rules}`);
    say('two browsers: live, never loaded again, and true');
    return true;
  } catch (error) {
    say(`a browser does not show what is true: ${String(error)}`);
    return false;
  }
}

/** In the second half, the memory left after each collection does not grow any more. */
function isFlat(memory: readonly Memory[], say: (line: string) => void): boolean {
  const texts = memory.map(({ heapMb, residentMb }) => `${heapMb}/${residentMb}`);
  say(`the control plane's memory after collections, heap/resident MB: ${texts.join(', ')}`);
  const half = memory.slice(Math.floor(memory.length / 2));
  const [first, last] = [half[0], half.at(-1)];
  if (first === undefined || last === undefined || half.length < 2) {
    say('too short to say whether that grows');
    return true;
  }
  return last.heapMb <= first.heapMb + HEAP_SLACK_MB && last.residentMb <= first.residentMb + RESIDENT_SLACK_MB;
}

function residentMbOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
}
