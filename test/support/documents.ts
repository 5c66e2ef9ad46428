import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE } from './clone.js';

const COMMANDS = /gstacks (?:network|mesh) [a-z]/;

/** The commands of the README's walk-through, in order, without the shell's comments. */
export function walkThrough(): readonly string[] {
  const readme = readFileSync(join(CLONE, 'README.md'), 'utf8');
  const block = /<!-- walk-through[^>]*-->\n```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  if (block === undefined) throw new Error('the README has no walk-through block');
  return block.split('\n').filter((line) => line.startsWith('gstacks '));
}

/**
 * The `gstacks network` commands of the product document, in order. The document runs a command and the sentence
 * after it together: each ends where a word begins with a capital letter.
 */
export function documentedNetworkCommands(document: string): readonly string[] {
  return document
    .split('\n')
    .flatMap((line) => (COMMANDS.test(line) ? [line.slice(line.indexOf('gstacks'))] : []))
    .map((line) => line.replace(/(?<=[a-z0-9])[A-Z].*$/, '').trim())
    .filter((command) => command.startsWith('gstacks network '));
}
