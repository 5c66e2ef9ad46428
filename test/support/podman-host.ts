import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { imageArchive } from './docker-image.js';
import { HostNamespace } from './host-namespace.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

export const PODMAN_IMAGE = 'localhost/gs-test:1';
/** Debian's crun needs a single version of cgroups. */
const RUNTIME = ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
/** Limits that any container may set, including the one that holds a pod. */
const SETTINGS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n';

/** Why Podman cannot be tested on this machine; null: it can. Installs what is missing. */
export async function whyNoPodman(): Promise<string | null> {
  const has = await run('sh', ['-c', 'command -v podman runc']).then(
    () => true,
    () => false,
  );
  if (has) return null;
  const packages = ['podman', 'runc'];
  return run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { timeout: 300_000 }).then(
    () => null,
    (error: unknown) => `podman cannot be installed: ${error}`,
  );
}

/** A host with Podman's Docker-compatible socket, in a network namespace, with separate storage. */
export class PodmanHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'gs-podman-'));
  private service: ChildProcess | null = null;

  private constructor(readonly host: HostNamespace) {}

  static async make(): Promise<PodmanHost> {
    const podman = new PodmanHost(await HostNamespace.make());
    writeFileSync(podman.env.CONTAINERS_CONF, SETTINGS);
    const service = spawn('setpriv', ['--pdeathsig', 'TERM', ...podman.command('system', 'service', '-t', '0')], {
      stdio: 'ignore',
      env: podman.env,
    });
    podman.service = service;
    const engine = new DockerEngine(podman.socketPath);
    const answers = () =>
      engine.connect().then(
        () => true,
        () => false,
      );
    await waitFor('Podman answers', answers, 30_000);
    await podman.run('import', await imageArchive(), PODMAN_IMAGE);
    return podman;
  }

  get socketPath(): string {
    return join(this.folder, 'podman.sock');
  }

  private get env() {
    return { ...process.env, CONTAINERS_CONF: join(this.folder, 'containers.conf') };
  }

  get under(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.host.name}`];
  }

  async run(...args: readonly string[]): Promise<string> {
    const [command = '', ...rest] = this.command(...args);
    return (await run(command, rest, { timeout: 60_000, env: this.env })).stdout.trim();
  }

  /** A container on the agent's network that runs this program. */
  start(name: string, ...command: readonly string[]): Promise<string> {
    return this.startWith(name, ['--network', 'gstacks'], ...command);
  }

  /** A container with the label of the sandbox `sbx-<name>` and these options. */
  startWith(name: string, options: readonly string[], ...command: readonly string[]): Promise<string> {
    const label = ['--label', `gstacks.sandbox=sbx-${name}`];
    return this.run('run', '-d', '--name', name, ...label, ...options, PODMAN_IMAGE, ...command);
  }

  async remove(): Promise<void> {
    await this.run('pod', 'rm', '-a', '-f', '-t', '0').catch(() => {});
    await this.run('rm', '-a', '-f', '-t', '0').catch(() => {});
    this.service?.kill('SIGKILL');
    for (const mount of mountsBelow(this.folder)) await run('umount', ['-l', mount]).catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
    await this.host.remove();
  }

  private command(...args: readonly string[]): readonly string[] {
    const folders = (['root', 'runroot', 'tmpdir', 'network-config-dir'] as const).flatMap((name) => [
      `--${name}`,
      join(this.folder, name),
    ]);
    const socket = args[0] === 'system' ? [`unix://${this.socketPath}`] : [];
    return [...this.under, 'podman', ...RUNTIME, ...folders, ...args, ...socket];
  }
}

/** Deepest first. */
function mountsBelow(folder: string): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length);
}
