// Breaks the code of one folder in every small way that Stryker knows, and says which breaks no unit test sees, as
// lines for survivors.tsv, where those that have a reason stand.
//   node test/mutation/run.mjs policy                                  everything in the folder
//   node test/mutation/run.mjs domain libs/domain/network/revert.ts     these files of it, when they alone changed
// Everything happens in a folder of its own (GLOBALSTACKS_MUTATION_FOLDER, by default below the temporary folder), with
// copies of the sources: neither this clone nor its dependencies change. See docs/mutation.md.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { divide } from './survivors.mjs';

const CLONE = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = process.env.GLOBALSTACKS_MUTATION_FOLDER ?? join(tmpdir(), 'gs-mutation');
const COPY = join(FOLDER, 'clone');
/** Mocha 12 has its command line in a place where Stryker 10's runner does not look. */
const TOOLS = [
  '@stryker-mutator/core@10.0.0',
  '@stryker-mutator/mocha-runner@10.0.0',
  'mocha@11.8.0',
  'typescript@6.0.3',
];
const COPIED = ['apps', 'libs', 'migrations', 'bench', 'bin', 'scripts', 'deploy', 'docs', 'test'];
const FILES = ['package.json', 'tsconfig.json', '.mocharc.json', 'oclif.manifest.json', 'README.md'];

/** Each part with its sources, and the unit tests that should detect changes in them. */
const PARTS = {
  policy: {
    mutate: ['libs/policy/**/*.ts'],
    tests: ['policy/*', 'domain/*', 'egress/*', 'flows/judge', 'flows/probe', 'truth/model', 'agent/state-files'],
  },
  flows: {
    mutate: ['libs/data-plane/flows/{judge,flow-log,refusal-counts,version-waits,dial-sources}.ts'],
    tests: ['flows/judge', 'flows/flow-log', 'flows/version-waits', 'flows/dial-sources'],
  },
  // Sockets on both hosts, and no database: the one test that is not a unit test.
  'ended-rules': { mutate: ['libs/data-plane/flows/ended-rules.ts'], tests: ['../integration/flows/rule-ends'] },
  auth: {
    mutate: ['apps/control-plane/auth/{access.guard,own-origin,session-cookie,last-use}.ts'],
    tests: [
      'control-plane/access-guard',
      'control-plane/route-access',
      'control-plane/last-use',
      'control-plane/session-cookie',
    ],
  },
  'event-store': {
    mutate: ['libs/event-store/{batch,copy-text,errors,event-row,known-log,upcasters}.ts'],
    tests: ['event-store/*', 'domain/*'],
  },
  audit: { mutate: ['libs/audit/*.ts'], tests: ['audit/*'] },
  domain: { mutate: ['libs/domain/**/*.ts'], tests: ['domain/*'] },
  mesh: { mutate: ['libs/mesh/{*-headers,identity,admission,stream-budgets}.ts'], tests: ['mesh/*', 'member/*'] },
};

const [name, ...files] = process.argv.slice(2);
const part = PARTS[name];
if (part === undefined) {
  console.error(`usage: node test/mutation/run.mjs ${Object.keys(PARTS).join('|')} [file...]`);
  process.exit(2);
}
installTools();
copyClone();
const report = mutate();
printSurvivors(report);

function installTools() {
  mkdirSync(FOLDER, { recursive: true });
  if (existsSync(join(FOLDER, 'node_modules/@stryker-mutator/mocha-runner'))) return;
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', ...TOOLS], { cwd: FOLDER, stdio: 'inherit' });
}

/** With the clone's own modules, except for mocha. */
function copyClone() {
  rmSync(COPY, { recursive: true, force: true });
  for (const path of [...COPIED, ...FILES]) cpSync(join(CLONE, path), join(COPY, path), { recursive: true });
  const modules = join(COPY, 'node_modules');
  mkdirSync(modules);
  for (const module of readdirSync(join(CLONE, 'node_modules'))) {
    symlinkSync(join(module === 'mocha' ? FOLDER : CLONE, 'node_modules', module), join(modules, module));
  }
  // A property with a thousand runs, run a thousand times, takes a day, and shrinking its failures takes longer still.
  // A sample is drawn once, and has to be large enough.
  for (const path of readdirSync(join(COPY, 'test/unit'), { recursive: true }).filter((path) => path.endsWith('.ts'))) {
    const file = join(COPY, 'test/unit', path);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/(?<!fc\.sample\(.*)numRuns: [0-9_]+/g, 'numRuns: 12'));
  }
  const sizes = join(COPY, 'test/support/property-sizes.ts');
  writeFileSync(
    sizes,
    readFileSync(sizes, 'utf8').replace(
      'configureGlobal({',
      'configureGlobal({ numRuns: 12, seed: 1, endOnFailure: true,',
    ),
  );
}

function mutate() {
  const jsonReporter = { fileName: join(FOLDER, `${name}.json`) };
  const configuration = {
    testRunner: 'mocha',
    plugins: [join(FOLDER, 'node_modules/@stryker-mutator/mocha-runner/dist/src/index.js')],
    coverageAnalysis: 'perTest',
    buildCommand: `node ${join(CLONE, 'node_modules/typescript-native/bin/tsc')} -p tsconfig.json`,
    mutate: files.length > 0 ? files : part.mutate,
    mochaOptions: { spec: part.tests.map((test) => `dist/test/unit/${test}.test.js`) },
    concurrency: 1,
    reporters: ['progress-append-only', 'json'],
    jsonReporter,
    ignorePatterns: ['apps/console'],
    // A mutant of a constant at the top of a file needs a separate process.
    ignoreStatic: true,
    tempDirName: '.stryker',
  };
  writeFileSync(join(COPY, 'stryker.config.json'), JSON.stringify(configuration));
  const stryker = join(FOLDER, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  execFileSync('nice', ['-n', '19', process.execPath, stryker, 'run', 'stryker.config.json'], {
    cwd: COPY,
    stdio: 'inherit',
  });
  return JSON.parse(readFileSync(jsonReporter.fileName, 'utf8'));
}

function printSurvivors(report) {
  const { seen, explained, unexplained, unneeded } = divide(report);
  for (const row of unexplained) console.log(row);
  for (const row of unneeded) console.log(`listed, and no survivor: ${row}`);
  const unseen = explained + unexplained.length;
  const share = (100 * seen) / (seen + unseen);
  console.log(`${name}: ${seen} seen, ${unseen} not: ${share.toFixed(1)} %; ${unexplained.length} without a reason`);
}
