import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plugin, settings } from '@oclif/core';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

describe('cli: oclif.manifest.json', () => {
  it('is what the commands make of it now; `npm run cli-manifest` writes it', async () => {
    settings.enableAutoTranspile = false;
    const plugin = new Plugin({
      root: CLONE,
      type: 'core',
      ignoreManifest: true,
      errorOnManifestCreate: true,
      respectNoCacheDefault: true,
    });
    await plugin.load();
    const stored = JSON.parse(await readFile(join(CLONE, 'oclif.manifest.json'), 'utf8')) as { commands: object };
    expect(stored).to.deep.equal(JSON.parse(JSON.stringify(plugin.manifest)));
    expect(Object.keys(stored.commands)).to.deep.equal(Object.keys(stored.commands).sort());
  });

  it('gives every command --json, a summary and an example', async () => {
    const { commands } = JSON.parse(await readFile(join(CLONE, 'oclif.manifest.json'), 'utf8')) as {
      readonly commands: Readonly<Record<string, { flags: object; summary?: string; examples?: readonly string[] }>>;
    };
    for (const [id, { flags, summary, examples }] of Object.entries(commands)) {
      expect(flags, id).to.have.property('json');
      expect(summary, id).to.be.a('string');
      expect(examples, id).to.have.property('length').greaterThan(0);
      for (const example of examples ?? []) expect(example).to.contain(`<%= config.bin %> ${id.replaceAll(':', ' ')}`);
    }
  });
});
