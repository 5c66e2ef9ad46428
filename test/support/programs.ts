import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CLONE } from './clone.js';

export type ProgramName = 'control-plane' | 'agent' | 'local-node' | 'all-in-one';

let areCurrent = false;

/** Programs and the command line from the last compilation, even if only tsc ran since. */
export function makeProgramsCurrent(): void {
  if (!areCurrent) execFileSync(process.execPath, ['scripts/bundle.mjs'], { cwd: CLONE, stdio: 'inherit' });
  areCurrent = true;
}

/** The file to run. */
export function programFile(name: ProgramName): string {
  makeProgramsCurrent();
  return join(CLONE, 'dist', 'programs', `${name}.js`);
}
