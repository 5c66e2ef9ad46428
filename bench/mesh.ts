import { bulkRate, newStreams, type Open, roundTrip } from './mesh/measures.js';
import { openPaths, type Paths } from './mesh/paths.js';
import { type BenchRow, median } from './report.js';

const ROUNDS = 3;
const PATHS = ['direct', 'tsnet', 'tcp', 'haproxy'] as const;
type PathName = (typeof PATHS)[number];

interface Work {
  readonly name: string;
  /**
   * For `direct`, compared with a pair of HAProxy with mutual TLS; tsnet encrypts once more, and has no counterpart.
   * null: no budget.
   */
  readonly atLeast: number | null;
  readonly measure: (open: Open) => Promise<number>;
  readonly text: (value: number) => string;
}

const perSecond = (rate: number): string => `${Math.round(rate)}/s`;
const gigabits = (rate: number): string => `${((rate * 8) / 1e9).toFixed(2)} Gbit/s`;
const milliseconds = (time: number): string => `${time.toFixed(3)} ms`;

const WORKS: readonly Work[] = [
  { name: 'new streams, 64 at once', atLeast: 10, measure: newStreams, text: perSecond },
  { name: 'bulk, one flow', atLeast: 1.7, measure: (open) => bulkRate(open, 1), text: gigabits },
  { name: 'bulk, four flows', atLeast: 1.4, measure: (open) => bulkRate(open, 4), text: gigabits },
  { name: 'round trip of 64 bytes, p50', atLeast: null, measure: roundTrip, text: milliseconds },
];

/** Both transports between two processes, compared with plain TCP and a pair of HAProxy with mutual TLS. */
export default async function benchMesh(): Promise<readonly BenchRow[]> {
  const paths = await openPaths();
  try {
    const rows: BenchRow[] = [];
    for (const work of WORKS) rows.push(...rowsOf(work, await measured(work, paths)));
    return rows;
  } finally {
    await paths.close();
  }
}

type Values = { readonly [path in PathName]: number | null };

/** In turns, so that a slow moment of the machine affects all; the median of each counts. */
async function measured({ measure }: Work, paths: Paths): Promise<Values> {
  const seen: { [path in PathName]: number[] } = { direct: [], tsnet: [], tcp: [], haproxy: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of PATHS) {
      const open = paths[name];
      if (open !== null) seen[name].push(await measure(open));
    }
  }
  const of = (name: PathName): number | null => (seen[name].length === 0 ? null : median(seen[name]));
  return { direct: of('direct'), tsnet: of('tsnet'), tcp: of('tcp'), haproxy: of('haproxy') };
}

function rowsOf({ name, atLeast, text }: Work, values: Values): readonly BenchRow[] {
  const { haproxy, tcp } = values;
  const peers = `HAProxy ${haproxy === null ? 'not installed' : text(haproxy)}, TCP ${tcp === null ? '-' : text(tcp)}`;
  return (['direct', 'tsnet'] as const).map((transport) => {
    const value = values[transport] ?? Number.NaN;
    const ratio = haproxy === null ? '' : ` (${(value / haproxy).toFixed(2)}x)`;
    return {
      work: `mesh ${transport}: ${name}`,
      budget: transport === 'direct' && atLeast !== null ? `${atLeast}x HAProxy with mTLS` : '-',
      measured: text(value) + ratio,
      peer: peers,
      ...(transport === 'direct' && atLeast !== null && haproxy !== null ? { met: value >= atLeast * haproxy } : {}),
    };
  });
}
