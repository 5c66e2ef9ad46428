import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

describe('cli: docs/cli.md', () => {
  it('shows each command there is, and no other', async () => {
    const page = await readFile(join(CLONE, 'docs/cli.md'), 'utf8');
    const manifest = JSON.parse(await readFile(join(CLONE, 'oclif.manifest.json'), 'utf8')) as { commands: object };
    const commands = Object.keys(manifest.commands).map((id) => id.replaceAll(':', ' '));
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');
    const shown = blocks.flatMap((block) => block.split('\n')).filter((line) => line.startsWith('gstacks '));
    // The longest first: `mesh forward` is a command, and so is `mesh forward list`.
    commands.sort((one, other) => other.length - one.length);
    const commandOf = (line: string) => commands.find((command) => `${line} `.startsWith(`gstacks ${command} `));
    for (const line of shown) expect(commandOf(line), line).to.be.a('string');
    expect([...new Set(shown.map(commandOf))].sort()).to.deep.equal([...commands].sort());
  });
});
