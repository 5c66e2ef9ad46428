import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hashOfProgram } from '#apps/all-in-one/mesh-node.js';

describe('what a Go program is built from', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-go-'));
    mkdirSync(join(folder, 'internal'));
    for (const file of ['go.mod', 'go.sum', 'main.go', 'main_test.go', 'internal/node.go']) {
      writeFileSync(join(folder, file), 'as it was');
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [file, isBuiltAnew] of [
    ['main.go', true],
    ['internal/node.go', true],
    ['internal/added.go', true],
    ['go.mod', true],
    ['go.sum', true],
    ['main_test.go', false],
    ['internal/added_test.go', false],
    ['README.md', false],
  ] as const) {
    it(`${isBuiltAnew ? 'includes' : 'leaves out'} ${file}`, () => {
      const before = hashOfProgram(folder);
      writeFileSync(join(folder, file), 'changed');
      expect(hashOfProgram(folder) !== before).to.equal(isBuiltAnew);
    });
  }
});
