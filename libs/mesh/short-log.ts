import { Occurrences } from '#libs/async/occurrences.js';
import { describeIdentity } from './identity.js';
import type { MeshLog } from './log.js';

/** Of entries with one code about one peer in one period, so many are logged one by one. */
const TOLD_EACH = 5;
const PERIOD_MS = 60_000;
const SEPARATOR = ' about ';

/** How many more entries with one code there were, about `peer` or, null, about nobody who has proved who he is. */
export type MoreEntries = (code: string, peer: string | null, count: number) => void;

/** A mesh log that stays short: whoever can connect can have as many entries written as he likes. */
export function shortMeshLog(log: MeshLog, more: MoreEntries, periodMs = PERIOD_MS): MeshLog {
  const occurrences = new Occurrences({
    toldEach: TOLD_EACH,
    periodMs,
    summarise: (name, count) => {
      const [code = '', peer] = name.split(SEPARATOR);
      more(code, peer ?? null, count);
    },
  });
  return (entry) => {
    const { code, peer } = entry;
    if (occurrences.add(peer === null ? code : `${code}${SEPARATOR}${describeIdentity(peer)}`)) log(entry);
  };
}
