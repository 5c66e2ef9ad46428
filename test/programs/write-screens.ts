import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PICTURES, pictures } from '#test/support/screens/screens.js';

// Writes the files of test/fixtures/screens again. Review each that changed: the test only compares.
mkdirSync(PICTURES, { recursive: true });
for (const file of readdirSync(PICTURES)) rmSync(join(PICTURES, file));
for (const { file, text } of pictures()) writeFileSync(join(PICTURES, file), text);
