import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { type NumberSetting, numberSetting, optionalSetting } from '#libs/program/setting.js';
import type { LogBounds } from './log-file.js';
import { type StackMesh, stackMesh } from './mesh-environment.js';

export interface AllInOneSettings {
  readonly home: string;
  readonly port: number;
  /** XDG_RUNTIME_DIR of whoever starts the stack: where background nodes of `mesh join` live, if not in the home. */
  readonly runtimeFolder: string | null;
  readonly sandboxes: SandboxKind;
  /** The Docker Engine's socket, for `docker`. */
  readonly dockerSocket: string;
  readonly mesh: StackMesh;
  /** Limits for each process's log. */
  readonly logs: LogBounds;
  /** GLOBALSTACKS_MESH_NODE names a built mesh-node, so none is built. */
  readonly hasMeshNode: boolean;
}

const SANDBOX_KINDS = ['static', 'netns', 'docker'] as const;
export type SandboxKind = (typeof SANDBOX_KINDS)[number];

export class UsageError extends CodedError {}

/** What `npm start` reads from its environment; docs/settings.md lists it. */
export const SETTINGS = {
  home: optionalSetting(
    'GLOBALSTACKS_HOME',
    'Folder of everything that the stack keeps, also `--home`',
    '`.gstacks` in the clone',
  ),
  logMegabytes: numberSetting(
    'GLOBALSTACKS_LOG_MEGABYTES',
    { usual: 16, least: 1, most: 4_096 },
    'MiB of the log of one process until a new file is begun',
  ),
  logFiles: numberSetting(
    'GLOBALSTACKS_LOG_FILES',
    { usual: 4, least: 1, most: 100 },
    'Log files of one process that are kept',
  ),
  runtimeFolder: optionalSetting(
    'XDG_RUNTIME_DIR',
    'Besides the home, where `npm start` looks at its end for the background node of `mesh join`',
  ),
  dockerHost: optionalSetting(
    'DOCKER_HOST',
    "The Engine's unix socket, with `--sandboxes docker`",
    '`/var/run/docker.sock`',
  ),
};

export const USAGE = `usage: npm start -- [--home DIR] [--port N] [--sandboxes static|netns|docker]

  --home DIR     where everything is kept (default: .gstacks in this clone; also GLOBALSTACKS_HOME)
  --port N       port of the HTTP API on 127.0.0.1 (default: 7080)
  --sandboxes    static: processes on loopback addresses (default); netns: network namespaces (needs root);
                 docker: containers of this machine's Docker Engine (needs root; DOCKER_HOST: its unix socket)

The mesh is TCP on this machine, unless GLOBALSTACKS_MESH_CONTROL_URL names a control server: see docs/mesh.md`;

const DEFAULT_PORT = 7_080;
const DOCKER_SOCKET = '/var/run/docker.sock';

/** Settings from arguments and environment. Error: UsageError. */
export function parseSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  clone: string,
): AllInOneSettings | 'help' {
  let values: { home?: string; port?: string; sandboxes?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        port: { type: 'string' },
        sandboxes: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new UsageError('USAGE', error instanceof Error ? error.message : String(error), USAGE);
  }
  if (values.help === true) return 'help';
  const kind = values.sandboxes ?? 'static';
  const sandboxes = SANDBOX_KINDS.find((known) => known === kind);
  if (sandboxes === undefined) {
    throw new UsageError('USAGE', `--sandboxes: "${kind}" is not known; expected static, netns or docker`, USAGE);
  }
  const home = values.home ?? environment[SETTINGS.home.variable] ?? '.gstacks';
  if (home === '') throw new UsageError('USAGE', '--home: expected a folder', USAGE);
  return {
    // npm runs scripts in the clone. A relative --home is relative to the folder where npm was started (INIT_CWD).
    home: isAbsolute(home) ? home : resolve(values.home === undefined ? clone : (environment.INIT_CWD ?? clone), home),
    port: values.port === undefined ? DEFAULT_PORT : parsePort(values.port, '--port'),
    runtimeFolder: environment[SETTINGS.runtimeFolder.variable] || null,
    sandboxes,
    dockerSocket: sandboxes === 'docker' ? socketOf(environment[SETTINGS.dockerHost.variable]) : DOCKER_SOCKET,
    mesh: stackMesh(environment),
    logs: {
      maxBytes: numberOf(environment, SETTINGS.logMegabytes) * 1_048_576,
      files: numberOf(environment, SETTINGS.logFiles),
    },
    hasMeshNode: Boolean(environment.GLOBALSTACKS_MESH_NODE),
  };
}

function numberOf(
  environment: Readonly<Record<string, string | undefined>>,
  { variable, usual, least, most }: NumberSetting,
): number {
  const text = environment[variable];
  if (text === undefined || text === '') return usual;
  const number = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError('USAGE', `${variable}: "${text}" is not a whole number from ${least} to ${most}`, USAGE);
}

/** Only a unix socket is accepted: the containers of an Engine on another machine would not be on this host. */
function socketOf(dockerHost: string | undefined): string {
  return dockerHost === undefined || dockerHost === '' ? DOCKER_SOCKET : parseSocketPath(dockerHost, 'DOCKER_HOST');
}
