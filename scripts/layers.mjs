// Draws which folder imports which, as Mermaid, into docs/architecture.md: `node scripts/layers.mjs`, or with --check
// to test whether the picture matches the code.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLONE = dirname(dirname(fileURLToPath(import.meta.url)));
const DOCUMENT = join(CLONE, 'docs', 'architecture.md');
const BEGIN = '<!-- layers: written by scripts/layers.mjs -->';
const END = '<!-- end of layers -->';
const IMPORT = /(?:from|import)\s+'([^']+)'/g;

/** Each picture: a title, and the folder whose folders it shows. */
const PICTURES = [
  ['The control plane', 'apps/control-plane'],
  ['An agent', 'apps/agent'],
  ['The libraries', 'libs'],
];

function sources(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'generated' ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** The edges between the folders of a root. Files beside the folders are omitted: they combine everything. */
function edges(root) {
  const found = new Map();
  const folderOf = (path) => {
    const [folder, ...rest] = relative(join(CLONE, root), path).split('/');
    return rest.length === 0 || folder === '..' ? null : folder;
  };
  for (const path of sources(join(CLONE, root))) {
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      const target = specifier.startsWith('.')
        ? normalize(join(dirname(path), specifier))
        : specifier.startsWith('#')
          ? join(CLONE, specifier.slice(1))
          : null;
      if (target === null) continue;
      const [from, to] = [folderOf(path), folderOf(target)];
      if (from !== null && to !== null && from !== to) found.set(from, (found.get(from) ?? new Set()).add(to));
    }
  }
  return found;
}

/** Without edges that follow from others: a -> c is omitted if a -> b -> c exists. */
function reduced(graph) {
  const reaches = (from, to, without, seen = new Set()) =>
    [...(graph.get(from) ?? [])].some((next) => {
      if ((from === without[0] && next === without[1]) || seen.has(next)) return false;
      seen.add(next);
      return next === to || reaches(next, to, without, seen);
    });
  return [...graph].flatMap(([from, targets]) =>
    [...targets].filter((to) => !reaches(from, to, [from, to])).map((to) => [from, to]),
  );
}

function picture([title, root]) {
  const lines = reduced(edges(root))
    .map(([from, to]) => `  ${from} --> ${to}`)
    .sort();
  return [`### ${title} (\`${root}\`)`, '', '```mermaid', 'graph TD', ...lines, '```', ''].join('\n');
}

const text = readFileSync(DOCUMENT, 'utf8');
const [before, rest = ''] = text.split(BEGIN);
const after = rest.split(END)[1] ?? '';
const drawn = `${before}${BEGIN}\n\n${PICTURES.map(picture).join('\n')}\n${END}${after}`;
if (process.argv.includes('--check')) {
  if (drawn !== text) {
    process.stderr.write('the picture of the layers in docs/architecture.md is old: node scripts/layers.mjs\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(DOCUMENT, drawn);
}
