import { existsSync } from 'node:fs';

/** Whether this process runs in a clone, where `npm start` works; an installed package has no scripts. */
export function runsInClone(): boolean {
  return existsSync(new URL('../../../scripts/setup.mjs', import.meta.url));
}
