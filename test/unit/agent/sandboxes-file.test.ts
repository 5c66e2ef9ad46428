import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSandboxesFile, SandboxesFileState, watchSandboxesFile } from '#apps/agent/sandboxes/sandboxes-file.js';
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

  it('whose folder is missing is refused as such', () => {
    const watched = () =>
      watchSandboxesFile(
        join(folder, 'nowhere', 'list.yaml'),
        () => {},
        () => {},
      );
    expect(watched).to.throw(CodedError, /nowhere, the folder of the list of sandboxes, cannot be watched: ENOENT/);
  });

  describe('of an agent that runs', () => {
    const faults: unknown[] = [];
    const state = new SandboxesFileState((error) => faults.push(error));
    const path = () => join(folder, 'kept.yaml');
    let held: readonly unknown[] = [];
    const read = (content: string) => {
      writeFileSync(path(), content);
      return state.reading(() => {
        held = readSandboxesFile(path(), (items) => items);
        return false;
      });
    };

    const steps: readonly (readonly [what: string, content: string, isChanged: boolean, fault: RegExp | null])[] = [
      ['is read', '[a, b]', false, null],
      ['is damaged', 'a: [', true, /kept\.yaml: Flow sequence/],
      ['is damaged in the same way', 'a: [', false, /kept\.yaml: Flow sequence/],
      ['is damaged in another way', 'a: b', true, /kept\.yaml: expected a list of sandboxes/],
      ['is mended', '[a, b]', true, null],
    ];
    for (const [what, content, isChanged, fault] of steps) {
      it(`${what}: the inventory ${fault === null ? 'names no fault' : `says ${fault.source}`}`, () => {
        expect(read(content)).to.equal(isChanged);
        expect(held, 'the sandboxes that were read last').to.deep.equal(['a', 'b']);
        const refused = state.refused();
        expect(refused).to.have.length(fault === null ? 0 : 1);
        for (const { code, message, remedy } of refused) {
          expect(code).to.equal('SANDBOXES_FILE_INVALID');
          expect(message).to.match(fault ?? /./);
          expect(message).to.not.match(/\n/);
          expect(remedy).to.equal(`correct the file; ${keeps}`);
        }
      });
    }

    it('is logged each time', () => expect(faults).to.have.length(3));
  });
});
