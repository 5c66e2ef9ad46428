import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLONE } from './clone.js';
import { programFile } from './programs.js';
import { type Ran, type Running, run } from './stack.js';

/** Where the source tree is, there is nothing for whoever is run under this; the mounts of namespaces stay shared. */
const WITHOUT_THE_CLONE = [
  ...['unshare', '--mount', '--propagation', 'unchanged', 'sh', '-c'],
  'mount --make-private "$(findmnt -n -o TARGET -T "$0")" && mount -t tmpfs none "$0" && cd / && exec "$@"',
  CLONE,
];
/** With a Node older than the one that the programs need. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The package as `npm pack` makes it, installed in a folder, on a machine that has no source tree. */
export class Installed {
  readonly folder = mkdtempSync(join(tmpdir(), 'gs-installed-'));

  /** Packs what is built and installs it with `install`, a shell command that finds the file in PACKAGE. */
  static async install(install: string): Promise<Installed> {
    programFile('agent');
    const installed = new Installed();
    const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', installed.folder];
    succeeded(await run('npm', pack, { npm_config_cache: installed.inFolder('npm') }).ended);
    const [file] = readdirSync(installed.folder).filter((name) => name.endsWith('.tgz'));
    mkdirSync(installed.inFolder('home'));
    await installed.shell(install, { PACKAGE: installed.inFolder(file ?? 'no package') });
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

  /** Runs lines of a shell to their end, and fails when one of them does. */
  async shell(script: string, env: Readonly<Record<string, string>> = {}, under: readonly string[] = []): Promise<Ran> {
    return succeeded(await this.start(['sh', '-c', `set -eu\n${script}`], env, under).ended);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function succeeded(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stdout}${ran.stderr}`);
  return ran;
}
