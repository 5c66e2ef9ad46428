import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A program that still runs after this time has opened the page; one that cannot ends sooner. */
const FAILS_WITHIN_MS = 2_000;

/**
 * Opens an address that contains a secret. Programs' arguments are visible to everybody on the machine, so the browser
 * is given a file that redirects there and that only its owner can read. False: no browser could be opened.
 */
export async function openBrowser(address: string, file: string, program: string | undefined): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, leadingTo(address), { mode: 0o600 });
  return opens(program ?? (process.platform === 'darwin' ? 'open' : 'xdg-open'), file);
}

function leadingTo(address: string): string {
  const text = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${text}">\n`;
}

function opens(program: string, file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [file], { detached: true, stdio: 'ignore' });
    const timer = setTimeout(() => resolve(true), FAILS_WITHIN_MS);
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
    child.unref();
    function settle(opened: boolean): void {
      clearTimeout(timer);
      resolve(opened);
    }
  });
}
