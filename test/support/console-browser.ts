import { after, before } from 'mocha';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from './chromium.js';
import { sharedStack } from './shared-stack.js';
import type { RunningStack } from './stack.js';

const PAGE_TIMEOUT_MS = 10_000;

let running: Promise<Browser> | null = null;

/** Pages of a console, in separate browsers. */
export interface ConsolePages {
  /** A separate browser, as another person has one, in which nobody is signed in. */
  open(): Promise<Page>;
  /** Like `open`, signed in by a one-time link of the token's owner; then at the path. */
  signedIn(path?: string, token?: string): Promise<Page>;
  /** The path of a one-time link. */
  link(token?: string): Promise<string>;
  /** The token of a new user. */
  token(user: string, role: string, expiresInSeconds?: number): Promise<string>;
}

export interface ConsoleBrowser extends ConsolePages {
  readonly stack: RunningStack;
}

/** A console's address, and the token of its first admin. */
export interface ServedConsole {
  readonly url: string;
  readonly token: string;
}

/**
 * A browser and a stack for a group of tests. All groups of a run share both. Before each group the stack's networks
 * are deleted.
 */
export function consoleBrowser(): () => ConsoleBrowser {
  const at = sharedStack('static', 'direct');
  const pages = consolePages(at);
  return () => ({ ...pages, stack: at() });
}

/** For a group of tests; the served console is known once they run. All groups of a run share one browser. */
export function consolePages(at: () => ServedConsole): ConsolePages {
  const contexts: BrowserContext[] = [];
  let browser: Browser;
  before('a browser', async function () {
    this.timeout(60_000);
    running ??= launchChromium();
    browser = await running;
  });
  after('no page is left open', async () => {
    await Promise.all(contexts.map((context) => context.close()));
  });

  const post = async (path: string, body: unknown, token = at().token): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${at().url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const pages: ConsolePages = {
    async open() {
      const context = await browser.newContext({ viewport: { width: 1280, height: 840 }, baseURL: at().url });
      context.setDefaultTimeout(PAGE_TIMEOUT_MS);
      contexts.push(context);
      return context.newPage();
    },
    async signedIn(path = '/networks', token) {
      const page = await pages.open();
      await page.goto(await pages.link(token));
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await page.goto(path);
      return page;
    },
    link: async (token) => String((await post('/v1/sign-in-codes', {}, token)).path),
    token: async (user, role, expiresInSeconds = 3_600) =>
      String((await post('/v1/tokens', { user, role, expiresInSeconds })).token),
  };
  return pages;
}

after('no browser is left', async () => {
  const browser = await running;
  running = null;
  await browser?.close();
});
