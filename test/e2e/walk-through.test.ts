import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { documentedNetworkCommands, walkThrough } from '#test/support/documents.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';

const DOCUMENT = join(CLONE, '..', 'shared', 'networks-doc.txt');
const COMMANDS_IN_DOCUMENT = 8;

for (const mesh of MESHES) {
  describe(`the README's walk-through, over ${mesh}`, () => {
    let stack: RunningStack;

    before(async function () {
      this.timeout(150_000);
      stack = await startStack({ sandboxes: 'static', mesh });
    });

    after(async function () {
      this.timeout(30_000);
      await stack?.remove();
    });

    it('does what it says, command by command', async function () {
      this.timeout(120_000);
      for (const command of walkThrough()) {
        const { code, stdout, stderr } = await stack.gstacks(...command.split(/\s+/).slice(1));
        expect(code, `${command}\n${stdout}${stderr}`).to.equal(0);
      }
    });

    it("holds every network command of the product document as printed there, a sandbox's id filled in", () => {
      // The document is not part of the clone: where it does not lie beside it, the commands known from it stand in.
      const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : KNOWN_COMMANDS.join('\n');
      const commands = documentedNetworkCommands(document);
      expect(commands).to.have.length(COMMANDS_IN_DOCUMENT);
      const inReadme = walkThrough();
      for (const command of commands) {
        expect(inReadme, command).to.include(command.replace('<sandbox-id>', 'sbx-api'));
      }
    });
  });
}

const KNOWN_COMMANDS = [
  'gstacks network create dev',
  'gstacks network attach dev <sandbox-id> --alias api --port 8080',
  'gstacks network alias add dev <sandbox-id> worker --port 9090',
  'gstacks network alias list dev',
  'gstacks network alias remove dev worker',
  'gstacks network policy allow dev --from local --to api --port 8080',
  'gstacks network resolve dev api',
  'gstacks network test dev local api:8080',
];
