import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MeshNodeMissingError } from '#libs/mesh/tsnet/mesh-node-program.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { runGo } from './go-program.js';

/** Each is a Go module of its own, so that what tests alone use rebuilds nothing of the product. */
const PROGRAMS = { 'mesh-node': 'apps/mesh-node', 'mesh-fixture': 'test/mesh-fixture' } as const;

/**
 * A Go program, built into the cache folder unless the one there is of the same sources. Error: MeshNodeMissingError
 * says what to install.
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
  // Never in place: clones that were copied with hard links share the file, and not the program.
  writeWhole(mark, wanted, 0o644);
  say(`${name}: built in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  return built;
}

/** Of every source file of a Go program, so that one of another release is built anew; tests are no part of it. */
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
