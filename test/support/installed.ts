import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLONE } from './clone.js';
import type { Machine } from './deployment.js';
import { programFile } from './programs.js';
import { type Ran, type Running, run, succeeded } from './stack.js';

/** Hides the source tree from a program that is run under this; the mounts of namespaces stay shared. */
const WITHOUT_THE_CLONE = [
  ...['unshare', '--mount', '--propagation', 'unchanged', 'sh', '-c'],
  'mount --make-private "$(findmnt -n -o TARGET -T "$0")" && mount -t tmpfs none "$0" && cd / && exec "$@"',
  CLONE,
];
/** With an older Node than the programs need. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

let packed: Promise<string> | null = null;

/** The result of `npm pack` from the present build: created once by a test process, and removed at its end. */
export function packedFile(): Promise<string> {
  packed ??= pack();
  return packed;
}

async function pack(): Promise<string> {
  programFile('agent');
  const folder = mkdtempSync(join(tmpdir(), 'gs-packed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const command = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  succeeded(await run('npm', command, { npm_config_cache: join(folder, 'npm') }).ended);
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return join(folder, file ?? 'no package');
}

/** The package, installed in a folder, on a machine without a source tree. */
export class Installed {
  readonly folder = mkdtempSync(join(tmpdir(), 'gs-installed-'));

  /** Installs the package with `install`, a shell command that finds the file in PACKAGE. */
  static async install(install: string): Promise<Installed> {
    const installed = new Installed();
    mkdirSync(installed.inFolder('home'));
    await installed.shell(install, { PACKAGE: await packedFile() });
    return installed;
  }

  inFolder(name: string): string {
    return join(this.folder, name);
  }

  /** Starts a command of the package, under another command if one is given, such as nsenter and its arguments. */
  start(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ): Running {
    const [program = '', ...rest] = [...under, ...WITHOUT_THE_CLONE, ...command];
    return run(program, rest, {
      PATH: `${this.inFolder('prefix/bin')}:${SYSTEM_PATH}`,
      HOME: this.inFolder('home'),
      npm_config_prefix: this.inFolder('prefix'),
      npm_config_cache: this.inFolder('npm'),
      ...env,
    });
  }

  private async shell(
    script: string,
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ): Promise<Ran> {
    return succeeded(await this.start(['sh', '-c', `set -eu\n${script}`], env, under).ended);
  }

  /** The package on a machine whose commands run under another, such as nsenter and its arguments. */
  machine(under: readonly string[] = []): Machine {
    return {
      start: (command, env = {}) => this.start(command, env, under),
      shell: (script, env = {}) => this.shell(script, env, under),
      path: (file) => file,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
