import { Occurrences } from '#libs/async/occurrences.js';
import { describeIdentity } from './identity.js';
import type { MeshLog } from './log.js';

/** The first entries per code, peer and period, which are logged one by one. */
const TOLD_EACH = 5;
const PERIOD_MS = 60_000;
const SEPARATOR = ' about ';

/** Called with the number of further entries with one code about `peer`; null: about unauthenticated connections. */
export type MoreEntries = (code: string, peer: string | null, count: number) => void;

/** Shortens a mesh log: anybody who can connect could otherwise cause any number of entries. */
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
