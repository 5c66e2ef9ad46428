import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type LocalNodeRequest, NODE_ENDING } from '#libs/contracts/local-node-requests.js';
import { inheritedVariables } from '#libs/program/inherited-variables.js';
import { CA_FILE } from '#libs/program/setting.js';
import { MeshError } from './mesh-error.js';
import { type Answered, askNode, NODE_ENDED } from './node-client.js';
import { logFileOf, prepareFolder } from './node-folder.js';

const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'GLOBALSTACKS_MESH_NODE',
  'GLOBALSTACKS_MESH_NODE_LOG_DIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];
const READY_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Codes of a node that is ending; another is started instead. */
const ENDINGS = new Set([NODE_ENDED, NODE_ENDING]);
const ATTEMPTS = 3;

type Join = LocalNodeRequest & { readonly kind: 'join' };

/** What is needed to start a node. */
export interface Starter {
  readonly folder: string;
  /** The url of the control plane. */
  readonly url: string;
  /** The root folder of this release. */
  readonly root: string;
  /** PEM file of certificate authorities that the node trusts besides Node's. */
  readonly authorities: string | undefined;
}

/**
 * The background node's answer to a join. Starts a node if there is none, or if it is just ending because it had no
 * network. Error: MeshError.
 */
export async function joinByNode(starter: Starter, join: Join): Promise<Answered> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if ((await running(starter.folder)) === null) await startNode(starter, join.network);
      const answer = await askNode(starter.folder, join);
      if (answer !== null) return answer;
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof MeshError && ENDINGS.has(error.code))) throw error;
    }
  }
}

/** null also for a node that is ending. */
async function running(folder: string): Promise<Answered | null> {
  try {
    return await askNode(folder, { kind: 'status' });
  } catch (error) {
    if (error instanceof MeshError && ENDINGS.has(error.code)) return null;
    throw error;
  }
}

/**
 * Starts the background node, which outlives this command. Resolves once it answers, or another one that was started at
 * the same time. Error: MeshError.
 */
async function startNode(starter: Starter, network: string): Promise<void> {
  await prepareFolder(starter.folder);
  const deadline = performance.now() + READY_WITHIN_MS;
  let node = spawnNode(starter);
  while ((await running(starter.folder)) === null) {
    // Exit code 0: it gave way to another node, which has ended too by now.
    if (node.exitCode === 0) node = spawnNode(starter);
    else if (node.hasFailed || performance.now() > deadline) {
      const log = logFileOf(starter.folder);
      throw new MeshError(
        'NODE_NOT_STARTED',
        `the background node does not start; ${log} says why`,
        `read ${log}, then try again: gstacks mesh join ${network}`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

function spawnNode({ folder, url, root, authorities }: Starter): { exitCode: number | null; hasFailed: boolean } {
  const log = openSync(logFileOf(folder), 'a', 0o600);
  const child = spawn(process.execPath, [join(root, 'dist/programs/local-node.js'), folder, url], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    // Only variables that cannot contain a token.
    env: {
      ...inheritedVariables(INHERITED),
      // The node stands in another folder than this command.
      ...(authorities === undefined ? {} : { [CA_FILE.variable]: resolve(authorities) }),
    },
  });
  closeSync(log);
  const node: { exitCode: number | null; hasFailed: boolean } = { exitCode: null, hasFailed: false };
  child.once('exit', (exitCode) => {
    node.exitCode = exitCode;
    node.hasFailed = exitCode !== 0;
  });
  child.once('error', () => {
    node.hasFailed = true;
  });
  child.unref();
  return node;
}
