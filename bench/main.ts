import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { budgetRows } from './budgets.js';
import { type BenchRow, table } from './report.js';

/** Not benches: this program, its output, and the budgets. */
const OTHERS = new Set(['budgets', 'main', 'report']);

/** Each file beside this one is a bench with the file's name: its default export measures and returns rows. */
const available = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -'.js'.length))
  .filter((name) => !OTHERS.has(name))
  .sort();

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** For `growth`: also with a million events. */
    million: { type: 'boolean', default: false },
    /** For `scale`: how many agents; 1,000 unless set. */
    agents: { type: 'string' },
    /** For `scale`: a thousand agents after the other instead, in networks of ten. */
    ramp: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no bench named ${unknown.join(', ')}; there are: ${available.join(', ')}\n`);
  process.exit(2);
}

const options = {
  million: values.million,
  ramp: values.ramp,
  ...(values.agents === undefined ? {} : { agents: Number(values.agents) }),
};
const rows: BenchRow[] = [];
for (const name of positionals.length > 0 ? positionals : available) {
  process.stderr.write(`${name} ...\n`);
  const bench = (await import(`./${name}.js`)) as {
    readonly default: (given: typeof options) => Promise<readonly BenchRow[]>;
  };
  rows.push(...(await bench.default(options)));
}
const [processor] = cpus();
process.stdout.write(`${cpus().length} cores, ${processor?.model.trim() ?? 'unknown'}, node ${process.version}\n\n`);
process.stdout.write(`${table(rows)}\n`);
// A run of some benches only measures some budgets.
if (positionals.length === 0) process.stdout.write(`\nbudgets\n${table(budgetRows(rows))}\n`);
