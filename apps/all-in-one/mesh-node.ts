import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MeshNodeMissingError } from '#libs/mesh/tsnet/mesh-node-program.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { runGo } from './go-program.js';

/** Separate Go modules, so that a change to the tests' module does not rebuild the product. */
const PROGRAMS = { 'mesh-node': 'apps/mesh-node', 'mesh-fixture': 'test/mesh-fixture' } as const;

/**
 * Builds a Go program into the cache folder, unless it is there from the same sources. Error: MeshNodeMissingError,
 * which says what to install.
 */
export async function obtainMeshProgram(
  name: keyof typeof PROGRAMS,
  clone: string,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const sources = join(clone, PROGRAMS[name]);
  const built = join(clone, '.cache', 'bin', name);
  const mark = `${built}.sources`;
  const wanted = hashOfProgram(sources);
  if (existsSync(built) && existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return built;
  say(`${name}: building it with Go, for the mesh transport tsnet (about two minutes the first time)`);
  const began = performance.now();
  mkdirSync(join(built, '..'), { recursive: true });
  try {
    await runGo(['build', '-trimpath', '-ldflags=-s -w', '-o', built, '.'], {}, sources, signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshNodeMissingError(`${name} could not be built: ${reason}`);
  }
  // Replaced, never written in place: clones copied with hard links share this file but not the program.
  writeWhole(mark, wanted, 0o644);
  say(`${name}: built in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  return built;
}

/** A hash over the program's source files without tests, so that it is rebuilt when they change. */
export function hashOfProgram(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(go|mod|sum)$/.test(entry.name) && !entry.name.endsWith('_test.go'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}
