import { expect } from 'chai';
import { LOG_PROBLEMS } from '#libs/audit/chain-walk.js';
import { exportRemedy, LOG_REMEDIES } from '#libs/audit/remedies.js';

/** What a restored backup explains too. */
const RESTORABLE: readonly string[] = ['TAIL_LOST', 'REWRITTEN', 'HEAD_MISSING', 'HEAD_FOREIGN'];

describe('what to do about a problem of the log', () => {
  for (const problem of LOG_PROBLEMS) {
    it(`${problem}: compares the database with a backup, and exports again or asks for the key`, () => {
      const inDatabase = LOG_REMEDIES[problem];
      expect(inDatabase).to.include('compare it with a backup').and.to.include('docs/operations.md');
      expect(inDatabase.includes('gstacks admin new-epoch')).to.equal(RESTORABLE.includes(problem));
      expect(inDatabase.includes('without the control plane')).to.equal(!RESTORABLE.includes(problem));
      expect(exportRemedy(problem)).to.include(
        problem === 'HEAD_FOREIGN' ? ': gstacks audit key' : ': gstacks audit export log.jsonl',
      );
    });
  }
});
