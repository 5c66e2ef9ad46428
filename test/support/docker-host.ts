import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { familyOf } from './child-processes.js';
import { imageArchive } from './docker-image.js';
import { HostNamespace } from './host-namespace.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

export const TEST_IMAGE = 'gs-test:1';

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** A host with its own dockerd, in a network namespace; the daemon has its default settings, including iptables. */
export class DockerHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'gs-docker-'));
  readonly engine: DockerEngine;
  private daemon: ChildProcess | null = null;

  private constructor(
    readonly host: HostNamespace,
    private readonly daemonOptions: readonly string[],
  ) {
    this.engine = new DockerEngine(this.socketPath);
  }

  static async make(daemonOptions: readonly string[] = []): Promise<DockerHost> {
    const docker = new DockerHost(await HostNamespace.make(), daemonOptions);
    await docker.startDaemon();
    await docker.run('import', await imageArchive(), TEST_IMAGE);
    return docker;
  }

  get socketPath(): string {
    return join(this.folder, 'docker.sock');
  }

  /** The command under which the agent is started, to be on this host. */
  get under(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.host.name}`];
  }

  async startDaemon(): Promise<void> {
    // nsenter changes only the network; ip netns exec would hide the cgroups. The daemon ends with the test process.
    const command = [
      ...['--pdeathsig', 'TERM', ...this.under, 'dockerd', '--host', `unix://${this.socketPath}`],
      ...['--data-root', join(this.folder, 'data'), '--exec-root', join(this.folder, 'run')],
      ...['--pidfile', join(this.folder, 'dockerd.pid'), ...this.daemonOptions],
    ];
    const daemon = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder });
    const log = createWriteStream(join(this.folder, 'dockerd.log'), { flags: 'a' });
    daemon.stdout.pipe(log, { end: false });
    daemon.stderr.pipe(log, { end: false });
    this.daemon = daemon;
    const ended = once(daemon, 'exit').then(() => {
      throw new Error(`dockerd ended:\n${readFileSync(join(this.folder, 'dockerd.log'), 'utf8').slice(-2_000)}`);
    });
    ended.catch(() => {});
    await Promise.race([ended, waitFor('dockerd answers', () => this.answers(), 30_000)]);
  }

  async stopDaemon(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const daemon = this.daemon;
    this.daemon = null;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
  }

  /** Output of a `docker` command; rejects when it fails. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.try(...args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${output}`);
    return output.trim();
  }

  /** Like run, for any exit code. */
  try(...args: readonly string[]): Promise<Finished> {
    return this.start(...args).ended;
  }

  /** A `docker` command, left running. */
  start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Finished> } {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.socketPath}` };
    const running = run('docker', [...args], { timeout: 60_000, env });
    const ended = running.then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code?: number; stdout?: string; stderr?: string }) => ({
        code: typeof error.code === 'number' ? error.code : -1,
        output: `${error.stdout ?? ''}${error.stderr ?? ''}`,
      }),
    );
    return { child: running.child, ended };
  }

  /** Starts a container that answers HTTP on 8080 with its own name; resolves when it listens. */
  async serve(name: string, ...options: readonly string[]): Promise<void> {
    const server = ['python3', '-u', '-c', SERVER, name];
    await this.run('run', '-d', '--name', name, '--init', ...options, TEST_IMAGE, ...server);
    await this.serves(name);
  }

  /** Resolves when the server of a container that was started now listens. */
  async serves(name: string): Promise<void> {
    const startedAt = await this.run('inspect', '-f', '{{.State.StartedAt}}', name);
    await waitFor(`${name} listens`, async () =>
      (await this.try('logs', '--since', startedAt, name)).output.includes('listening'),
    );
  }

  exec(container: string, ...command: readonly string[]): Promise<Finished> {
    return this.try('exec', container, ...command);
  }

  /** Ends the daemon and its containers, and removes everything that they left behind. */
  async remove(): Promise<void> {
    if (this.daemon === null) await this.startDaemon().catch(() => {});
    const containers = (await this.try('ps', '-aq')).output.split('\n').filter((id) => id !== '');
    if (containers.length > 0) await this.try('rm', '-f', ...containers);
    await this.stopDaemon();
    // If the daemon was killed, or did not start again, containers and their shims are left.
    for (const pid of familyOf(this.folder)) killIfThere(pid);
    for (const mount of mountsBelow(this.folder)) await run('umount', ['-l', mount]).catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
    await this.host.remove();
  }

  private async answers(): Promise<boolean> {
    return this.engine.connect().then(
      () => true,
      () => false,
    );
  }
}

const SERVER = `
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = ('from ' + sys.argv[1]).encode()
        self.send_response(200)
        self.send_header('content-length', '1000000000' if self.path == '/hold' else str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path == '/hold':
            self.wfile.flush()
            self.rfile.read()
    def log_message(self, *args):
        pass
server = ThreadingHTTPServer(('0.0.0.0', 8080), Answer)
print('listening')
server.serve_forever()
`;

/** The end of one process may cause the end of the next. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
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
