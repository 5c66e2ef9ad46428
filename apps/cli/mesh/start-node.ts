import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inheritedVariables } from '#libs/program/inherited-variables.js';

import { MeshError } from './mesh-error.js';
import { askNode } from './node-client.js';
import { logFileOf, prepareFolder } from './node-folder.js';

const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'GLOBALSTACKS_MESH_NODE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];
const READY_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Starts the background node, which outlives this command, and resolves once it answers. Error: MeshError. */
export async function startNode(folder: string, url: string, root: string): Promise<void> {
  await prepareFolder(folder);
  const log = openSync(logFileOf(folder), 'a', 0o600);
  const child = spawn(process.execPath, [join(root, 'dist/programs/local-node.js'), folder, url], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    // Nothing of this command's environment that could hold a token.
    env: inheritedVariables(INHERITED),
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  child.unref();
  const deadline = performance.now() + READY_WITHIN_MS;
  while ((await askNode(folder, { kind: 'status' })) === null) {
    if (ended || performance.now() > deadline) {
      throw new MeshError(
        'NODE_NOT_STARTED',
        `the background node does not start; ${logFileOf(folder)} says why`,
        `read ${logFileOf(folder)}, then gstacks mesh join again`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}
