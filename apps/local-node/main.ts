import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '#libs/program/log.js';
import { type Running, runProgram } from '#libs/program/run-program.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { BackgroundNode } from './background-node.js';
import { MESH_FOLDER_PREFIX } from './mesh.js';
import { ownNodeFolder } from './own-folder.js';
import { serveRequests } from './request-socket.js';
import { readLocalNodeSettings } from './settings.js';

/**
 * `gstacks mesh join` starts this process with its folder and the control plane's url; tokens come only over the
 * socket.
 */
const [folder, url] = process.argv.slice(2);
if (folder === undefined || url === undefined) {
  process.stderr.write('`gstacks mesh join <network>` starts this process\n');
  process.exit(2);
}

const [ownFolder, controlPlaneUrl] = [folder, url];

/** How long a node without a network waits for a join before it ends. */
const IDLE_MS = 5_000;
const CLOSE_WITHIN_MS = 5_000;
const LOOK_AT_FOLDER_EVERY_MS = 2_000;

const settings = readLocalNodeSettings(process.env);
const logger = createLog({ process: 'local-node', pid: process.pid }, {});

async function startLocalNode(asked: AbortSignal, end: (reason: string) => void): Promise<Running> {
  trustAuthorities(settings.authorities);
  const socketPath = join(ownFolder, 'socket');
  const lock = await ownNodeFolder(ownFolder, socketPath, asked);
  if (lock === null) {
    end('another node serves this folder');
    return { close: async () => {} };
  }
  // Left by nodes that were killed: no other process owns this folder.
  for (const name of readdirSync(ownFolder)) {
    if (name.startsWith(MESH_FOLDER_PREFIX)) rmSync(join(ownFolder, name), { recursive: true, force: true });
  }
  let idleTimer: NodeJS.Timeout | null = null;
  const node = new BackgroundNode({
    url: controlPlaneUrl,
    stateFile: join(ownFolder, 'state.json'),
    folder: ownFolder,
    meshNode: settings.meshNode,
    log: (event, fields) => logger.info(fields, event),
    now: () => new Date(),
    idle: () => endWhenIdle(),
  });
  const socket = await serveRequests(socketPath, lock, (request) => node.answer(request));
  logger.info({ url: controlPlaneUrl }, 'local node started');
  endWhenIdle();
  // Without its folder, no command can reach this node: the end of a login session removes XDG_RUNTIME_DIR.
  const folderTimer = setInterval(() => {
    if (!lock.isInPlace()) end('its folder was deleted');
  }, LOOK_AT_FOLDER_EVERY_MS);

  function endWhenIdle(): void {
    if (idleTimer !== null) clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (!node.isNeeded) end('no network is joined');
    }, IDLE_MS);
  }

  return {
    async close() {
      if (idleTimer !== null) clearTimeout(idleTimer);
      clearInterval(folderTimer);
      socket.close();
      await node.close();
      lock.release();
    },
    exiting: () => node.exiting(),
  };
}

runProgram({
  start: startLocalNode,
  ending: (reason) => logger.info({ reason }, 'local node ends'),
  fatal: (error, what) => logger.fatal({ err: error }, `local node: ${what}`),
  closeWithinMs: CLOSE_WITHIN_MS,
});
