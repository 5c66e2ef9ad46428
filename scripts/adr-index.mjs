// Writes docs/adr/README.md, the list of all decisions with their status: `node scripts/adr-index.mjs`, or with --check
// to test whether the list is up to date. Fails if a record does not have the form that the list describes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from './markdown-table.mjs';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'adr');
const INDEX = join(FOLDER, 'README.md');
const SECTIONS = ['Context', 'Decision', 'What it costs'];
const OPTIONAL = ['Considered', 'What is not proven'];
const STATUS = /^Status: ((?:accepted|superseded by \[\d{4}\]\(\S+\.md\)).*)$/;

const INTRODUCTION = `# Decisions

A record for each decision that a newcomer would question or that costs something. One form for all: the title with its
number, the status (\`accepted\`, or \`superseded by\` a later record, in whole or in part), _Context_, _Decision_, where there
is something to say _Considered_ (what was not done, and why), _What it costs_, and where it applies _What is not proven_.
Numbers that are missing here were never used. \`node scripts/adr-index.mjs\` writes this list.
`;

const faults = [];

function row(file) {
  const [title = '', blank, status = '', ...rest] = readFileSync(join(FOLDER, file), 'utf8').split('\n');
  const number = file.slice(0, 4);
  const fault = (what) => faults.push(`docs/adr/${file}: ${what}`);
  if (!title.startsWith(`# ${number}: `) || blank !== '') fault(`the first line is not "# ${number}: Title"`);
  if (!STATUS.test(status))
    fault('the third line is not "Status: accepted" or "Status: superseded by [NNNN](file.md)"');
  for (const [, target] of status.matchAll(/\]\((\S+?)\)/g)) {
    if (!files.includes(target)) fault(`its status names ${target}, which does not exist`);
  }
  const sections = rest.flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));
  const needed = sections.filter((section) => !OPTIONAL.includes(section));
  if (needed.join() !== SECTIONS.join()) fault(`its sections are not ${SECTIONS.join(', ')}, in this order`);
  return [`[${number}](${file})`, title.slice(`# ${number}: `.length), status.slice('Status: '.length)];
}

const files = readdirSync(FOLDER)
  .filter((file) => /^\d{4}-.+\.md$/.test(file))
  .sort();
const written = `${INTRODUCTION}\n${markdownTable(['Number', 'Decision', 'Status'], files.map(row))}\n`;
if (!process.argv.includes('--check')) writeFileSync(INDEX, written);
else if (readFileSync(INDEX, 'utf8') !== written) faults.push('docs/adr/README.md is old: node scripts/adr-index.mjs');
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
