import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type DatabaseSocket, openDatabaseSocket } from './database-socket.js';
import { type HostNamespace, inside } from './host-namespace.js';
import { PLACES, PlayedInternet, SERVED_NAMES, SERVICES } from './played-internet.js';
import { makePackages } from './played-packages.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

const SERVED = [...SERVED_NAMES, 'deb.debian.org', 'api.example.com'];
/** The addresses of the recipes' names. The database has a private one. */
const RECORDS = {
  ...Object.fromEntries(SERVED.map((name) => [name, [`A ${SERVICES}`]])),
  'db.example.com': [`A ${PLACES.private}`],
};
/** A client's command runs in its own empty folder, which apt uses as its root. */
const IN_A_FOLDER = `
HOME=$(mktemp -d); export HOME; cd "$HOME"; trap 'cd /; rm -rf "$HOME"' EXIT
mkdir -p apt/etc/apt apt/var/lib/apt/lists/partial apt/var/lib/dpkg apt/var/cache/apt/archives/partial
echo 'deb [trusted=yes] http://deb.debian.org/debian ./' > apt/etc/apt/sources.list
: > apt/var/lib/dpkg/status
echo "Dir \\"$HOME/apt\\"; Dir::Etc::Parts \\"none\\"; APT::Sandbox::User \\"root\\";" > apt.conf
export APT_CONFIG="$HOME/apt.conf"
`;

/** The servers of the recipes, and the files with which clients trust them. */
export class RecipeWorld {
  private constructor(
    readonly internet: PlayedInternet,
    private readonly folder: string,
    private readonly sshd: ChildProcess,
    private readonly database: DatabaseSocket,
  ) {}

  static async start(host: HostNamespace, records: Parameters<typeof PlayedInternet.start>[1]): Promise<RecipeWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'gs-recipes-'));
    const database = await openDatabaseSocket(join(folder, 'database.sock'), 'app');
    await makePackages(folder);
    const services = { folder, database: { address: PLACES.private, socket: database.path } };
    const internet = await PlayedInternet.start(host, { ...RECORDS, ...records }, services);
    const sshd = await startSshd(internet.world, folder);
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/npm'), `#!/bin/sh\nexec node ${npmProgram()} "$@"\n`, { mode: 0o755 });
    return new RecipeWorld(internet, folder, sshd, database);
  }

  /** Runs like a shell, in the environment of a client, without this machine's. */
  command(script: string): readonly string[] {
    const { certificate } = this.internet;
    const file = (name: string) => join(this.folder, name);
    const variables = {
      PATH: `${file('bin')}:${dirname(process.execPath)}:/usr/bin:/bin:/usr/sbin:/sbin`,
      PIP_CONFIG_FILE: '/dev/null',
      PIP_CERT: certificate,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_SSL_CAINFO: certificate,
      GIT_SSH_COMMAND: `ssh -F none -i ${file('client_key')} -o UserKnownHostsFile=${file('known_hosts')}`,
      NODE_EXTRA_CA_CERTS: certificate,
      npm_config_globalconfig: '/dev/null',
      CURL_CA_BUNDLE: certificate,
      PGPASSWORD: this.database.password,
    };
    const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    return ['env', '-i', ...set, 'sh', '-ec', `${IN_A_FOLDER}${script}`];
  }

  /** Folders of this machine that a container needs to run clients, as options of `docker run`. */
  get mounts(): readonly string[] {
    const programs = ['/usr', '/lib', '/lib64', '/etc/alternatives'];
    const clients = [this.folder, this.internet.folder, dirname(process.execPath), dirname(dirname(npmProgram()))];
    return [...programs, ...clients].flatMap((path) => ['-v', `${path}:${path}:ro`]);
  }

  async remove(): Promise<void> {
    this.sshd.kill('SIGKILL');
    await this.internet.remove();
    await this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** npm's program, wherever this machine has it. */
function npmProgram(): string {
  return realpathSync(process.env.npm_execpath ?? '/usr/bin/npm');
}

/** A server with its own keys, and a user `git` whose home is the folder of the repositories. */
async function startSshd(namespace: string, folder: string): Promise<ChildProcess> {
  const file = (name: string) => join(folder, name);
  for (const key of ['host_key', 'client_key']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  }
  const hostKey = readFileSync(file('host_key.pub'), 'utf8');
  writeFileSync(file('known_hosts'), `github.com ${hostKey}`);
  writeFileSync(file('passwd'), `${readFileSync('/etc/passwd', 'utf8')}git:x:0:0::${file('git')}:/bin/sh\n`);
  const configuration = [
    `ListenAddress ${SERVICES}`,
    `HostKey ${file('host_key')}`,
    `AuthorizedKeysFile ${file('client_key.pub')}`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'PidFile none',
  ];
  writeFileSync(file('sshd_config'), `${configuration.join('\n')}\n`);
  chmodSync(folder, 0o755);
  // `ip netns exec` gives it separate mounts, so that nobody else sees these users.
  const start = `mkdir -p /run/sshd; mount --bind ${file('passwd')} /etc/passwd; exec /usr/sbin/sshd -D -e -f "$0"`;
  const sshd = spawn('ip', ['netns', 'exec', namespace, 'sh', '-ec', start, file('sshd_config')], { stdio: 'ignore' });
  const isListening = async () =>
    (await inside(namespace, 'ss', '-Hltn', 'sport', '=', ':22')).output.includes(SERVICES);
  await waitFor('sshd listens', isListening);
  return sshd;
}
