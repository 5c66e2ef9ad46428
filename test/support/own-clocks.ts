import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLONE } from './clone.js';

/** The environment in which each agent and the control plane of a stack have their own clock, from that folder. */
export function ownClocks(clocks: string): Readonly<Record<string, string>> {
  const module = pathToFileURL(join(CLONE, 'dist/test/programs/own-clock.js'));
  module.searchParams.set('folder', clocks);
  module.searchParams.set('library', faketimeLibrary());
  return { NODE_OPTIONS: `--import ${module.href}` };
}

/** Debian installs it in a folder of the machine's architecture. Error: the package faketime is not installed. */
function faketimeLibrary(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)];
  const library = folders
    .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is needed: install the package faketime');
  return library;
}
