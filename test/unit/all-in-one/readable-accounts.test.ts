import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeUnreadableAccounts } from '#apps/all-in-one/readable-accounts.js';

describe('accounts that nats-server kept', () => {
  it('are removed where they cannot be read, and stay otherwise', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gs-accounts-'));
    try {
      writeFileSync(join(folder, 'kept.jwt'), 'one');
      // Root can read every file.
      mkdirSync(join(folder, 'unreadable.jwt'));
      removeUnreadableAccounts(folder);
      expect(readdirSync(folder)).to.deep.equal(['kept.jwt']);
      removeUnreadableAccounts(join(folder, 'not-there'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
