import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import type { DockerEngine } from '#libs/docker-engine/engine.js';
import { hasImage, importImage } from '#libs/docker-engine/import-image.js';

const run = promisify(execFile);

/** A program that the samples' containers need is not on this machine. */
export class SampleImageError extends CodedError {}

const NAME = 'gstacks-sample';
const SERVER = fileURLToPath(new URL('./sample-sandbox.js', import.meta.url));
/** Besides Node: the programs that the walk-through runs, and a shell. */
const PROGRAMS = [
  ['sh', '/bin/sh'],
  ['curl', '/usr/bin/curl'],
  ['dig', '/usr/bin/dig'],
] as const;
/** The C library loads these by name to resolve names. */
const NAME_SERVICES = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

export const NODE_INSIDE = '/usr/bin/node';
export const SERVER_INSIDE = '/sample-sandbox.mjs';

/**
 * An image with the sample's server, curl and dig, made from this machine's own programs and libraries without
 * downloads. Resolves with its `name:tag`. Errors: SampleImageError, and those of the Engine.
 */
export async function ensureSampleImage(engine: DockerEngine, say: (line: string) => void): Promise<string> {
  const tag = createHash('sha256').update(process.version).update(readFileSync(SERVER)).digest('hex').slice(0, 16);
  const image = `${NAME}:${tag}`;
  if (await hasImage(engine, image)) return image;
  say(`making the image ${image} of this machine's node, curl and dig`);
  const root = mkdtempSync(join(tmpdir(), 'gs-sample-'));
  try {
    await fillRoot(root);
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(tar, 'exit');
    await importImage(engine, { name: NAME, tag }, tar.stdout);
    await ended;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return image;
}

async function fillRoot(root: string): Promise<void> {
  const put = (from: string, to: string) => {
    const place = join(root, to);
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(from, place);
  };
  const programs: [string, string][] = [[process.execPath, NODE_INSIDE]];
  for (const [name, place] of PROGRAMS) programs.push([await locate(name), place]);
  const libraries = new Set<string>();
  for (const [from, to] of programs) {
    put(from, to);
    for (const library of await librariesOf(from)) libraries.add(library);
  }
  const [libc = ''] = [...libraries].filter((path) => /\/libc\.so\.6$/.test(path));
  for (const name of NAME_SERVICES) libraries.add(join(dirname(libc), name));
  for (const library of libraries) put(library, library);
  put(SERVER, SERVER_INSIDE);
  for (const folder of ['tmp', 'etc', 'proc', 'sys', 'dev']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

async function locate(program: string): Promise<string> {
  try {
    const { stdout } = await run('sh', ['-c', `realpath "$(command -v ${program})"`]);
    return stdout.trim();
  } catch {
    throw new SampleImageError(
      'SAMPLE_IMAGE_FAILED',
      `the samples' image needs ${program}, which is not on this machine`,
      'install curl and dnsutils, or use --sandboxes netns',
    );
  }
}

/** The paths that ldd(1) prints; none for a static program. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  return stdout.match(/\/[^ )\n]+/g) ?? [];
}
