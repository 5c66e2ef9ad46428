// Writes oclif.manifest.json from the commands as they are compiled, in order of their ids: oclif lists them as the
// file system gives them, which is another order on another machine. Part of `npm run cli-manifest`.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin, settings } from '@oclif/core';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
settings.enableAutoTranspile = false;
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
const { commands, ...others } = plugin.manifest;
const sorted = Object.fromEntries(Object.entries(commands).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify({ commands: sorted, ...others }, null, 2)}\n`);
