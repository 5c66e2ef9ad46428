// The explained survivors: survivors.tsv beside this file, one a line.
import { readFileSync } from 'node:fs';

const LIST = new URL('survivors.tsv', import.meta.url);
const MOST_CHARACTERS = 160;

/**
 * A survivor as a line of the list: why it survives, its file, Stryker's name of the mutator, the source line in which
 * it begins, the original code, and its replacement. Line numbers change too often to identify it.
 */
function rowOf(reason, path, source, { location, mutatorName, replacement }) {
  const { start, end } = location;
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const first = lines[0] ?? '';
  const text = lines.join('\n');
  const behind = (lines.at(-1) ?? '').length - (end.column - 1);
  const broken = text.slice(start.column - 1, text.length - behind);
  return [reason, path, mutatorName, ...[first, broken, replacement ?? ''].map(short)].join('\t');
}

function short(text) {
  return text.replace(/\s+/g, ' ').trim().slice(0, MOST_CHARACTERS);
}

/**
 * Splits a Stryker report: how many mutants were detected, how many survivors the list explains, the other survivors as
 * lines without a reason, and the list's lines about these files without a survivor.
 */
export function divide({ files }) {
  const listed = new Map();
  for (const line of readFileSync(LIST, 'utf8').split('\n')) {
    const key = line.slice(line.indexOf('\t') + 1);
    if (files[key.split('\t')[0]] !== undefined) listed.set(key, [...(listed.get(key) ?? []), line]);
  }
  const result = { seen: 0, explained: 0, unexplained: [] };
  for (const [path, { mutants, source }] of Object.entries(files)) {
    for (const mutant of mutants) {
      if (mutant.status === 'Killed' || mutant.status === 'Timeout') result.seen += 1;
      if (mutant.status !== 'Survived' && mutant.status !== 'NoCoverage') continue;
      const row = rowOf('?', path, source, mutant);
      if (listed.get(row.slice(2))?.pop() === undefined) result.unexplained.push(row);
      else result.explained += 1;
    }
  }
  return { ...result, unneeded: [...listed.values()].flat() };
}
