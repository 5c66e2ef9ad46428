import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE } from './clone.js';

const COMMANDS = /gstacks (?:network|mesh) [a-z]|curl http/;

/** The README's walk-through, as shell commands. */
export function walkThrough(): string {
  const readme = readFileSync(join(CLONE, 'README.md'), 'utf8');
  const block = /<!-- walk-through[^>]*-->\n```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  if (block === undefined) throw new Error('the README has no walk-through block');
  return block;
}

/** The shell block of a document under docs/ that is marked with `<!-- mark -->`. */
export function markedBlock(document: string, mark: string): string {
  const text = readFileSync(join(CLONE, 'docs', document), 'utf8');
  const found = text.split(`<!-- ${mark} -->\n\`\`\`sh\n`)[1]?.split('```')[0];
  if (found === undefined) throw new Error(`docs/${document} has no block "${mark}"`);
  return found;
}

/**
 * The commands of the product document, in order. The document puts a command and the sentence after it on one line:
 * each command ends where a word begins with a capital letter.
 */
export function documentedCommands(document: string): readonly string[] {
  return document
    .split('\n')
    .flatMap((line) => (COMMANDS.test(line) ? [line.slice(line.search(COMMANDS))] : []))
    .map((line) => line.replace(/(?<=[a-z0-9])[A-Z].*$/, '').trim());
}
