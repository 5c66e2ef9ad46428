// Puts the commands of oclif.manifest.json in order of their ids: oclif lists them as the file system gives them, which
// is another order on another machine. Part of `npm run cli-manifest`.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'oclif.manifest.json');
const { commands, ...others } = JSON.parse(readFileSync(path, 'utf8'));
const sorted = Object.fromEntries(Object.entries(commands).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(path, `${JSON.stringify({ commands: sorted, ...others }, null, 2)}\n`);
