import type { LogProblem } from './chain-walk.js';

const RESTORED =
  'if the database was restored from an older backup, accept what it holds: gstacks admin new-epoch; otherwise its log ' +
  'was truncated or rewritten: compare it with a backup or an earlier export (docs/operations.md)';
const CHANGED =
  'somebody changed the database without the control plane: compare it with a backup or an earlier export ' +
  '(docs/operations.md)';

/** What to do about a problem of the log in the database. */
export const LOG_REMEDIES: { readonly [problem in LogProblem]: string } = {
  CHANGED,
  MISSING: CHANGED,
  UNLINKED: CHANGED,
  UNPAIRED: CHANGED,
  UNREADABLE: CHANGED,
  TAIL_LOST: RESTORED,
  REWRITTEN: RESTORED,
  HEAD_MISSING: RESTORED,
  HEAD_FOREIGN: RESTORED,
};

/** What to do about a problem of an exported file. */
export function exportRemedy(problem: LogProblem): string {
  return problem === 'HEAD_FOREIGN'
    ? 'give the key of the control plane that made the export: gstacks audit key'
    : 'the file was changed after the export: take another copy of it, or export the log again: gstacks audit export ' +
        'log.jsonl';
}
