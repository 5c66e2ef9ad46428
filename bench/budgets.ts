import type { BenchRow } from './report.js';

/** A budget of the product, and how the rows of benches that decide it begin. */
interface Budget {
  readonly work: string;
  readonly budget: string;
  /** Empty: no bench measures it. */
  readonly rows: readonly string[];
}

const BUDGETS: readonly Budget[] = [
  { work: 'DNS UDP, 10k names', budget: '1.0x dnsmasq', rows: ['DNS UDP, 10k names'] },
  {
    work: 'DNS p50, p99 under bulk proxying',
    budget: '1.0x, 2x dnsmasq + HAProxy',
    rows: ['DNS under bulk proxying'],
  },
  { work: 'Proxy bulk, policy on', budget: '2x HAProxy, 1x with 256K buffers', rows: ['proxy: bulk'] },
  { work: 'Short connections by name', budget: '0.7x, 0.45x HAProxy', rows: ['short connections'] },
  { work: 'Request/response, 50 connections', budget: '0.8x HAProxy', rows: ['proxy: request/response'] },
  { work: 'Mesh new streams', budget: '10x HAProxy with mTLS', rows: ['mesh direct: new streams'] },
  { work: 'Mesh bulk, 1 / 4 flows', budget: '1.7x / 1.4x HAProxy with mTLS', rows: ['mesh direct: bulk'] },
  { work: 'tsnet bulk, round trip', budget: '1.0x bare tsnet', rows: [] },
  {
    work: 'policy deny --wait, 1,000 open flows',
    budget: 'p50 20 ms, p99 50 ms',
    rows: ['revocation: proven, 1,000'],
  },
  { work: '1,000 agents restart to applied', budget: '2x connects and gets', rows: ['scale: 1000 empty agents'] },
  { work: 'One alias changed in a network of 10,000', budget: '1.5x of 10', rows: ['growth: an alias, aliases'] },
  { work: 'Durable append, 64 writers', budget: '3x pgbench -c32', rows: ['append: durable'] },
  { work: 'Replay', budget: '2x SELECT by 5,000', rows: ['replay:'] },
  { work: 'Explain at any moment, a million events', budget: 'p99 1 s', rows: ['past: explain'] },
  { work: 'audit verify, a million events', budget: '10 s', rows: ['past: audit verify'] },
  {
    work: 'A verdict among rules that end',
    budget: '1.1x of rules without ends',
    rows: ['a verdict asked for before'],
  },
  {
    work: 'Command to applied by 1,000 agents',
    budget: '1.25x bare NATS',
    rows: ['scale: command to applied by 1000'],
  },
  {
    work: 'Command touching 10 agents',
    budget: 'p50 3x bare NATS, p99 10 ms',
    rows: ['scale: command to applied by 10 '],
  },
];

/** Every budget with what this run measured of it: met only if every row that decides it is. */
export function budgetRows(measured: readonly BenchRow[]): readonly BenchRow[] {
  return BUDGETS.map(({ work, budget, rows }) => {
    const deciding = measured.filter((row) => rows.some((start) => row.work.startsWith(start)));
    const known = deciding.flatMap(({ met }) => (met === undefined ? [] : [met]));
    const without = rows.length === 0 ? 'no bench measures it' : 'not measured in this run';
    return {
      work,
      budget,
      measured: deciding.length === 0 ? without : deciding.map((row) => row.measured).join('; '),
      peer: deciding.length === 0 ? '-' : deciding.map((row) => row.peer).join('; '),
      ...(known.length === 0 ? {} : { met: known.every((met) => met) }),
    };
  });
}
