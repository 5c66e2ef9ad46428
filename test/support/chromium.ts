import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Debian's name and that of other systems. Nothing is downloaded: .ci/run installs it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function program(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // It may be in another folder.
    }
  }
  throw new Error('no chromium on PATH: the tests of the console need it (apt-get install chromium)');
}

/** Chromium's own sandbox does not start as root. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: program(), args: ['--no-sandbox'] });
