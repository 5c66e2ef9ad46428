import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before } from 'mocha';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { sharedStack } from './shared-stack.js';
import type { RunningStack } from './stack.js';

/** Debian's name and that of other systems. Nothing is downloaded: .ci/run installs it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const PAGE_TIMEOUT_MS = 10_000;

let running: Promise<Browser> | null = null;

function program(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Another folder may have it.
    }
  }
  throw new Error('no chromium on PATH: the tests of the console need it (apt-get install chromium)');
}

/** Chromium's own sandbox does not start as root. */
const launch = (): Promise<Browser> => chromium.launch({ executablePath: program(), args: ['--no-sandbox'] });

export interface ConsoleBrowser {
  readonly stack: RunningStack;
  /** A browser of its own, as another person has one, that nobody is signed in with. */
  open(): Promise<Page>;
  /** As `open`, signed in by a one-time link of the token's owner; then at the path. */
  signedIn(path?: string, token?: string): Promise<Page>;
  /** The path of a one-time link. */
  link(token?: string): Promise<string>;
  /** The token of a new user. */
  token(user: string, role: string, expiresInSeconds?: number): Promise<string>;
}

/** A browser and a stack for a group of tests. All groups of a run share both; each finds the stack without networks. */
export function consoleBrowser(): () => ConsoleBrowser {
  const at = sharedStack('static', 'direct');
  const contexts: BrowserContext[] = [];
  let browser: Browser;
  before('a browser', async function () {
    this.timeout(60_000);
    running ??= launch();
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
  const opened: Omit<ConsoleBrowser, 'stack'> = {
    async open() {
      const context = await browser.newContext({ viewport: { width: 1280, height: 840 }, baseURL: at().url });
      context.setDefaultTimeout(PAGE_TIMEOUT_MS);
      contexts.push(context);
      return context.newPage();
    },
    async signedIn(path = '/networks', token) {
      const page = await opened.open();
      await page.goto(await opened.link(token));
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await page.goto(path);
      return page;
    },
    link: async (token) => String((await post('/v1/sign-in-codes', {}, token)).path),
    token: async (user, role, expiresInSeconds = 3_600) =>
      String((await post('/v1/tokens', { user, role, expiresInSeconds })).token),
  };
  return () => ({ ...opened, stack: at() });
}

after('no browser is left', async () => {
  const browser = await running;
  running = null;
  await browser?.close();
});
