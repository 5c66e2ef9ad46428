import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ran, type Running, run, succeeded } from './stack.js';
import { SystemdUnit } from './systemd-unit.js';

/** What the packages depend on: to dpkg of the root, this machine's are installed. */
const DEPENDENCIES = ['libc6', 'libstdc++6', 'systemd', 'iproute2', 'nftables'];

/**
 * Makes the root in the folder $0 and says so: /usr of this machine with a layer of its own above, the namespaces of
 * this machine, and /etc and /var as on a machine on which nothing was set up. The mounts are in a mount namespace of
 * this process; those of network namespaces are seen on both sides.
 */
const MAKE_ROOT = `
  set -eu
  mount --make-private "$(findmnt -n -o TARGET -T "$0" | tail -n 1)"
  mount -t tmpfs tmpfs "$0"
  cd "$0"
  mkdir layer work root
  mount --bind root root
  cd root
  mkdir -p usr etc proc sys dev run/netns tmp root var/lib/dpkg/info var/lib/dpkg/updates
  mount -t overlay overlay -o lowerdir=/usr,upperdir=../layer,workdir=../work usr
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
  cd /etc && cp passwd group shadow gshadow hosts nsswitch.conf ld.so.cache "$0/root/etc" && : > "$0/root/etc/resolv.conf" && cd "$0/root"
  for name in ${DEPENDENCIES.join(' ')}; do
    dpkg-query -f '\${Package}\\nStatus: install ok installed\\nArchitecture: \${Architecture}\\nVersion: \${Version}\\nMaintainer: none\\nDescription: none\\n\\n' -W "$name" | sed '1s/^/Package: /'
  done > var/lib/dpkg/status
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount --bind /dev dev
  mount --rbind /run/netns run/netns
  echo made
  exec sleep infinity
`;

/** A machine without the source tree on which Debian packages are installed, in a network namespace or in this one. */
export class DebianHost {
  private constructor(
    private readonly folder: string,
    private readonly keeper: ChildProcess,
    private readonly under: readonly string[],
  ) {}

  /** `under`: a command such as nsenter and its arguments, which enters the host's network. */
  static async make(under: readonly string[] = []): Promise<DebianHost> {
    const folder = mkdtempSync(join(tmpdir(), 'gs-debian-'));
    const keeper = spawn('unshare', ['--mount', '--propagation', 'unchanged', 'sh', '-c', MAKE_ROOT, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const made = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit')]);
    if (!String(made[0]).startsWith('made')) throw new Error(`no root is made in ${folder}`);
    return new DebianHost(folder, keeper, under);
  }

  /** The path of a file of this host for a process of the test. */
  path(file: string): string {
    return `/proc/${this.keeper.pid}/root${join(this.folder, 'root', file)}`;
  }

  start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const inRoot = [`--mount=/proc/${this.keeper.pid}/ns/mnt`, 'chroot', join(this.folder, 'root')];
    const [program = '', ...rest] = [...this.under, 'nsenter', ...inRoot, ...command];
    return run(program, rest, { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', HOME: '/root', ...env });
  }

  /** Runs lines of a shell to their end, and fails when one of them does. */
  async shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return succeeded(await this.start(['sh', '-c', `set -eu\n${script}`], env).ended);
  }

  async unit(name: string): Promise<SystemdUnit> {
    return new SystemdUnit((await this.shell(`cat /lib/systemd/system/${name}.service`)).stdout);
  }

  /** Starts the program of a unit as systemd would: its user, capabilities, variables, folders and credentials. */
  async startUnit(name: string): Promise<Running> {
    const unit = await this.unit(name);
    const [user = 'root'] = unit.all('User');
    const folders = unit.stateFolders.map((folder) => `/var/lib/${folder}`);
    const credentials = `/run/credentials/${name}.service`;
    const own = `install -d -m 700 -o ${user} -g ${user}`;
    const files = [...unit.credentials].map(
      ([credential, file]) => `install -m 400 -o ${user} -g ${user} ${file} ${credentials}/${credential}`,
    );
    const conditions = unit.all('ConditionPathExists').map((file) => `test -e ${file}`);
    await this.shell([...conditions, `${own} ${folders.join(' ')} ${credentials}`, ...files].join('\n'));
    return this.start(['setpriv', ...unit.privileges, ...unit.command(credentials)], unit.environment(credentials));
  }

  async remove(): Promise<void> {
    const ended = once(this.keeper, 'exit');
    this.keeper.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
