import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE } from '#test/support/clone.js';
import { startStack } from '#test/support/stack.js';
import { cpuSeconds } from '#test/support/usage.js';
import { chart } from './growth/chart.js';
import { GrownNetwork, type Timed } from './growth/grown-network.js';
import type { BenchRow } from './report.js';

/** Rounds of changes at each size, and rounds before them that are not counted. p99 is not the largest of so many. */
const ROUNDS = 60;
const WARM_UP = 3;
const FEW = 10;
const MOST_RATIO = 1.5;
/** Generated files, which are not committed. */
const PICTURES = join(CLONE, '.cache', 'bench');

const PROCESSES = ['control-plane', 'agent-host-a', 'agent-host-b'] as const;
type Process = (typeof PROCESSES)[number];

/** The cost of one change at one size of the network. */
interface Measured {
  readonly size: number;
  readonly commandMs: readonly number[];
  readonly appliedMs: readonly number[];
  readonly cpuMs: { readonly [process in Process]: number };
}

interface Growth {
  readonly of: 'aliases' | 'rules' | 'events';
  readonly sizes: readonly number[];
  readonly grow: (network: GrownNetwork, size: number) => Promise<void>;
}

type Change = (network: GrownNetwork) => Promise<readonly Timed[]>;

const CHANGES: readonly (readonly [what: string, change: Change])[] = [
  ['an alias', (network) => network.changeAlias()],
  ['an attachment with its alias', (network) => network.changeAttachment()],
  ['a rule', (network) => network.changeRule()],
];

/**
 * Single changes through the API of a whole stack with two agents, in a network that grows: in aliases, in rules, and
 * in events of its stream. Measures how long the command takes, how long until both agents have acknowledged it, and
 * the CPU time of each process. `million`: also with a million events.
 */
export default async function benchGrowth({ million }: { readonly million: boolean }): Promise<readonly BenchRow[]> {
  const growths: readonly Growth[] = [
    {
      of: 'aliases',
      sizes: [FEW, 1_000, 10_000],
      grow: (network, aliases) => network.growTo({ aliases, rules: FEW }),
    },
    { of: 'rules', sizes: [FEW, 1_000, 10_000], grow: (network, rules) => network.growTo({ aliases: FEW, rules }) },
    {
      of: 'events',
      sizes: [1_000, 100_000, ...(million ? [1_000_000] : [])],
      grow: async (network, events) => {
        await network.growTo({ aliases: FEW, rules: FEW });
        await network.goThroughTo(events);
      },
    },
  ];
  const rows: BenchRow[] = [];
  for (const growth of growths) rows.push(...(await rowsOf(growth)));
  return rows;
}

async function rowsOf(growth: Growth): Promise<readonly BenchRow[]> {
  const measured = new Map<string, Measured[]>(CHANGES.map(([what]) => [what, []]));
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct', env: { GLOBALSTACKS_LOG_LEVEL: 'warn' } });
  try {
    const network = await GrownNetwork.create(stack);
    for (const size of growth.sizes) {
      await growth.grow(network, size);
      for (const [what, change] of CHANGES) {
        const one = await measure(network, change, (name) => stack.pid(name));
        measured.get(what)?.push({ size, ...one });
        process.stderr.write(`${growth.of} ${size}, ${what}: ${JSON.stringify(summary({ size, ...one }))}\n`);
      }
    }
  } finally {
    await stack.remove();
  }
  draw(growth, measured);
  return [...measured].flatMap(([what, bySize]) => rowsOfChange(`${what}, ${growth.of}`, bySize));
}

async function measure(
  network: GrownNetwork,
  change: Change,
  pidOf: (process: Process) => number,
): Promise<Omit<Measured, 'size'>> {
  for (let round = 0; round < WARM_UP; round += 1) await change(network);
  const cpuNow = () => PROCESSES.map((process) => cpuSeconds(pidOf(process)));
  const before = cpuNow();
  const timed: Timed[] = [];
  for (let round = 0; round < ROUNDS; round += 1) timed.push(...(await change(network)));
  const spent = cpuNow().map((seconds, index) => ((seconds - (before[index] ?? 0)) / timed.length) * 1_000);
  const [controlPlane = 0, hostA = 0, hostB = 0] = spent;
  return {
    commandMs: timed.map(({ commandMs }) => commandMs),
    appliedMs: timed.map(({ appliedMs }) => appliedMs),
    cpuMs: { 'control-plane': controlPlane, 'agent-host-a': hostA, 'agent-host-b': hostB },
  };
}

const FIGURES: readonly (readonly [name: string, of: (measured: Measured) => number])[] = [
  ['command p50', ({ commandMs }) => at(commandMs, 0.5)],
  ['command p99', ({ commandMs }) => at(commandMs, 0.99)],
  ['applied p50', ({ appliedMs }) => at(appliedMs, 0.5)],
  ['applied p99', ({ appliedMs }) => at(appliedMs, 0.99)],
  ['CPU control plane', ({ cpuMs }) => cpuMs['control-plane']],
  ['CPU of one agent', ({ cpuMs }) => (cpuMs['agent-host-a'] + cpuMs['agent-host-b']) / 2],
];

function summary(measured: Measured): { readonly [figure: string]: string } {
  return Object.fromEntries(FIGURES.map(([name, of]) => [name, of(measured).toFixed(1)]));
}

/** A row for each figure: at the largest size, and its ratio to the smallest size. */
function rowsOfChange(what: string, bySize: readonly Measured[]): readonly BenchRow[] {
  const [smallest] = bySize;
  if (smallest === undefined) return [];
  return FIGURES.map(([name, of]) => ({
    work: `growth: ${what}, ${name}`,
    budget: `${MOST_RATIO}x of that at ${smallest.size.toLocaleString('en')}`,
    measured: bySize
      .slice(1)
      .map(
        (each) =>
          `${each.size.toLocaleString('en')}: ${of(each).toFixed(1)} ms (${(of(each) / of(smallest)).toFixed(2)}x)`,
      )
      .join(', '),
    peer: `${of(smallest).toFixed(1)} ms`,
    met: bySize.every((each) => of(each) <= MOST_RATIO * of(smallest)),
  }));
}

function draw({ of: grown, sizes }: Growth, measured: ReadonlyMap<string, readonly Measured[]>): void {
  mkdirSync(PICTURES, { recursive: true });
  for (const [kind, figures] of [
    ['time', FIGURES.slice(0, 4)],
    ['cpu', FIGURES.slice(4)],
  ] as const) {
    for (const [what, bySize] of measured) {
      const lines = figures.map(([name, of]) => ({ name, values: bySize.map(of) }));
      const file = join(PICTURES, `growth-${grown}-${what.split(' ')[1]}-${kind}.svg`);
      writeFileSync(file, chart(`One change of ${what}, by ${grown} of the network`, 'ms', sizes, lines));
      process.stderr.write(`${file}\n`);
    }
  }
}

function at(values: readonly number[], share: number): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;
}
