import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSandboxesFile } from '#apps/agent/sandboxes/sandboxes-file.js';
import { CodedError } from '#libs/contracts/errors.js';

describe('the list of sandboxes', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-sandboxes-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const keeps = 'an agent that runs keeps the sandboxes that it read last';
  for (const [what, content, message, remedy] of [
    ['is missing', null, /^there is no file .*list\.yaml$/, `create the file; ${keeps}`],
    ['is no list', 'id: sbx-web', /list\.yaml: /, `correct the file; ${keeps}`],
  ] as const) {
    it(`that ${what} is refused with what is true at the start as well as later`, () => {
      const path = join(folder, 'list.yaml');
      if (content !== null) writeFileSync(path, content);
      const read = () => readSandboxesFile(path, (items) => items);
      expect(read).to.throw(CodedError, message).with.property('remedy', remedy);
    });
  }
});
