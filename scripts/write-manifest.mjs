// Writes oclif.manifest.json from the compiled commands, sorted by id: oclif lists them in the order of the file
// system, which differs between machines. Part of `npm run cli-manifest`.
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
