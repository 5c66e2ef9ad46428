import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MeshNodeMissingError } from '#libs/mesh/tsnet/mesh-node-program.js';
import { runGo } from './go-program.js';

const PROGRAMS = { 'mesh-node': '.', 'mesh-fixture': './cmd/fixture' } as const;

/**
 * A program of apps/mesh-node, built with Go into the cache folder unless the one there is of the same sources. Error:
 * MeshNodeMissingError says what to install.
 */
export async function obtainMeshProgram(
  name: keyof typeof PROGRAMS,
  clone: string,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const sources = join(clone, 'apps', 'mesh-node');
  const built = join(clone, '.cache', 'bin', name);
  const mark = `${built}.sources`;
  const wanted = hashOf(sources);
  if (existsSync(built) && existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return built;
  say(`${name}: building it with Go, for the mesh transport tsnet (about two minutes the first time)`);
  mkdirSync(join(built, '..'), { recursive: true });
  try {
    await runGo(['build', '-trimpath', '-ldflags=-s -w', '-o', built, PROGRAMS[name]], {}, sources, signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshNodeMissingError(`${name} could not be built: ${reason}`);
  }
  writeFileSync(mark, wanted);
  return built;
}

/** Of every source file, so that a program of another release is built anew. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(go|mod|sum)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}
