import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE } from './clone.js';

export interface Recipe {
  readonly title: string;
  /** The permissions of its `gstacks network egress allow` lines, each as `pypi.org 443`, with ` private` after it. */
  readonly allowed: readonly string[];
  /** The command to run in the sandbox. */
  readonly command: string;
}

const BLOCK = /```sh\n([\s\S]*?)```/g;
const ALLOW = /^gstacks network egress allow dev --from web --to '?([^\s':]+):(\d+)'?( --private)?$/;

/** The recipes of docs/egress-recipes.md, as printed. */
export function egressRecipes(): readonly Recipe[] {
  const page = readFileSync(join(CLONE, 'docs/egress-recipes.md'), 'utf8');
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = ''] = section.split('\n');
      const [rules = '', command] = [...section.matchAll(BLOCK)].map(([, block = '']) => block);
      if (command === undefined) throw new Error(`the recipe ${title} has no command`);
      return { title, allowed: rules.trim().split('\n').map(allowed), command };
    });
}

function allowed(line: string): string {
  const [, name, port, isPrivate = ''] = ALLOW.exec(line) ?? [];
  if (name === undefined || port === undefined) throw new Error(`no rule of a recipe: ${line}`);
  return `${name} ${port}${isPrivate.replace(' --', ' ')}`;
}
