import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trustNamedAuthorities } from '../api/named-authorities.js';
import { clean } from '../output/clean.js';
import { candidates, type KnownCommands } from './candidates.js';

/**
 * Prints candidates for the word at the cursor, one per line, for the script of `gstacks completion`. Errors are not
 * shown, since the user is typing a line.
 */
export async function complete(argv: readonly string[], root: string): Promise<void> {
  const typed = argv.slice(argv.indexOf('--') + 1);
  const current = typed.at(-1) ?? '';
  const found = (await everything(typed, root)).map(clean).filter((word) => word.startsWith(current));
  if (found.length > 0) process.stdout.write(`${[...new Set(found)].sort().join('\n')}\n`);
}

async function everything(typed: readonly string[], root: string): Promise<readonly string[]> {
  const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as {
    readonly commands: KnownCommands;
  };
  const wanted = candidates(manifest.commands, typed);
  const { names: kind } = wanted;
  if (kind === null) return wanted.words;
  const { namesOf } = await import('./names.js');
  const names = await trustNamedAuthorities()
    .then(() => namesOf(kind, wanted.network, urlIn(typed), root))
    .catch(() => []);
  return [...wanted.words, ...names];
}

function urlIn(typed: readonly string[]): string | undefined {
  const flag = typed.indexOf('--url');
  return flag < 0 ? undefined : typed[flag + 1];
}
