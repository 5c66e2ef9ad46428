import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CLONE } from './clone.js';

export type ProgramName = 'control-plane' | 'agent' | 'local-node' | 'all-in-one';

let areCurrent = false;

/** The file to be run: the program as it was compiled last, also where only tsc ran since. */
export function programFile(name: ProgramName): string {
  if (!areCurrent) execFileSync(process.execPath, ['scripts/bundle.mjs'], { cwd: CLONE, stdio: 'inherit' });
  areCurrent = true;
  return join(CLONE, 'dist', 'programs', `${name}.js`);
}
