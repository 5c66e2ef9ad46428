// Writes docs/settings.md from the declarations with which the programs read their settings: `node
// scripts/settings.mjs` after a build, or with --check to test whether the page is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from './markdown-table.mjs';

const CLONE = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGE = join(CLONE, 'docs', 'settings.md');

const settingsOf = async (module) => (await import(join(CLONE, 'dist', `${module}.js`))).SETTINGS;
const { DRIVERS } = await import(join(CLONE, 'dist', 'apps/agent/sandboxes/drivers.js'));
const agent = await settingsOf('apps/agent/foundation/settings-list');

/** Each table: a heading, an introduction, and the settings. */
const TABLES = [
  ['The control plane', '', await settingsOf('apps/control-plane/foundation/settings-list')],
  ['An agent', 'With any driver:', agent],
  ...DRIVERS.map(({ name, settings }) => [`The driver \`${name}\``, '', settings]),
  [
    '`npm start`',
    'Also `--home`, `--port` and `--sandboxes` (`npm start -- --help`). Settings of the mesh and `GLOBALSTACKS_LOG_LEVEL` are passed on to the control plane and the agents; `GLOBALSTACKS_AGENT_EGRESS`, `_DNS_UPSTREAMS`, `_DNS_RATE`, `_CONNECT_TIMEOUT_MS`, `_IDLE_TIMEOUT_MS`, `_DELIVERY_TIMEOUT_MS`, `_FLOWS_PER_SANDBOX` and `_FLOWS` to the agents.',
    await settingsOf('apps/all-in-one/settings'),
  ],
  [
    '`gstacks`',
    'Flags and contexts: [cli.md](cli.md).',
    { ...(await settingsOf('apps/cli/environment')), meshNode: agent.meshNode, meshNodeLogDir: agent.meshNodeLogDir },
  ],
];

const INTRODUCTION = `# Settings

Programs read their settings from the environment, never from arguments, so that no secret shows in a list of processes.
\`run --config FILE\` of the control plane and the agent also reads \`NAME=value\` lines from a file, for variables that the
environment does not set. An empty variable counts as unset. On an invalid setting the program logs its name and exits with code
2. The control plane waits for a database that is not up yet. \`node scripts/settings.mjs\` writes this page out of the
declarations in the code.
`;

function table([heading, text, settings]) {
  const rows = Object.values(settings).map(({ variable, shownDefault, meaning }) => [
    `\`${variable}\``,
    shownDefault,
    meaning,
  ]);
  const head = text === '' ? `## ${heading}` : `## ${heading}\n\n${text}`;
  return `${head}\n\n${markdownTable(['Variable', 'Default', 'Meaning'], rows)}\n`;
}

const page = [INTRODUCTION, ...TABLES.map(table)].join('\n');
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  process.stderr.write('docs/settings.md differs from the code: node scripts/settings.mjs\n');
  process.exitCode = 1;
}
