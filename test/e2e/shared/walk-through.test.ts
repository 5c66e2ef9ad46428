import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { documentedCommands, walkThrough } from '#test/support/documents.js';
import { sharedStack } from '#test/support/shared-stack.js';
import { type RunningStack, run } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';

const DOCUMENT = join(CLONE, '..', 'shared', 'networks-doc.txt');
const COMMANDS_IN_DOCUMENT = 12;

for (const mesh of MESHES) {
  describe(`the README's walk-through, over ${mesh}`, () => {
    const at = sharedStack('static', mesh);
    let stack: RunningStack;

    before(async function () {
      this.timeout(150_000);
      stack = at();
    });

    after(async function () {
      this.timeout(30_000);
      await stack?.gstacks('mesh', 'leave', 'dev');
    });

    it('does what it says, as a script', async function () {
      this.timeout(120_000);
      const script = `set -eux\n${walkThrough()}`;
      const path = `${join(CLONE, 'bin')}:${process.env.PATH}`;
      const { code, stdout, stderr } = await run('sh', ['-c', script], { PATH: path, GLOBALSTACKS_HOME: stack.home })
        .ended;
      expect(code, `${stdout}${stderr}`).to.equal(0);
      expect(stdout).to.match(/\{"sandbox":"sbx-api"\}\n$/);
    });

    it("holds every command of the product document as printed there, a sandbox's id filled in", () => {
      // The document is not part of the clone. If it is not beside the clone, the commands known from it are used.
      const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : KNOWN_COMMANDS.join('\n');
      const commands = documentedCommands(document);
      expect(commands).to.have.length(COMMANDS_IN_DOCUMENT);
      const inReadme = walkThrough().split('\n');
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
  'gstacks mesh join dev',
  'gstacks mesh status',
  'gstacks mesh forward dev api:8080 --local 18080',
  'curl http://127.0.0.1:18080',
];
