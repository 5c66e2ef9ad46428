import { join } from 'node:path';
import { CLONE } from '#test/support/clone.js';
import { LISTS } from '#test/support/screens/lists.js';
import { MESHES } from '#test/support/screens/meshes.js';
import { type Picture, painted, WIDTHS } from '#test/support/screens/paint.js';
import { STATUSES } from '#test/support/screens/statuses.js';
import { TESTS } from '#test/support/screens/tests.js';

/** Every picture by name: the output of the three commands and a few lists. */
export const SCREENS: readonly Picture[] = [...TESTS, ...STATUSES, ...MESHES, ...LISTS];

/** The folder of the pictures; test/programs/write-screens.ts writes them. */
export const PICTURES = join(CLONE, 'test/fixtures/screens');

/** One file for each screen and width. */
export function pictures(): readonly { readonly file: string; readonly text: string }[] {
  return SCREENS.flatMap(([name, paint]) =>
    WIDTHS.map((width) => ({ file: `${name}.${width}.txt`, text: painted(paint, width) })),
  );
}
