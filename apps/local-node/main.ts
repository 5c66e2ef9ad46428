import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Running, runProgram } from '#libs/program/run-program.js';
import { BackgroundNode } from './background-node.js';
import { MESH_FOLDER_PREFIX } from './mesh.js';
import { serveRequests } from './request-socket.js';
import { readLocalNodeSettings } from './settings.js';

/** Started by `gstacks mesh join` with its folder and the control plane's url; tokens come over the socket alone. */
const [folder, url] = process.argv.slice(2);
if (folder === undefined || url === undefined) {
  process.stderr.write('gstacks mesh join starts this process\n');
  process.exit(2);
}

const [ownFolder, controlPlaneUrl] = [folder, url];

/** A node without a network waits so long for a first or another join, then ends. */
const IDLE_MS = 5_000;
const CLOSE_WITHIN_MS = 5_000;

const settings = readLocalNodeSettings(process.env);
const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' });

async function startLocalNode(end: (reason: string) => void): Promise<Running> {
  // Of nodes that were killed: no other process has this folder.
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
  const server = await serveRequests(join(ownFolder, 'socket'), (request) => node.answer(request));
  logger.info({ url: controlPlaneUrl }, 'local node started');
  endWhenIdle();

  function endWhenIdle(): void {
    if (idleTimer !== null) clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (!node.isNeeded) end('no network is joined');
    }, IDLE_MS);
  }

  return {
    async close() {
      if (idleTimer !== null) clearTimeout(idleTimer);
      server.close();
      await node.close();
    },
    exiting: () => node.exiting(),
  };
}

runProgram({
  start: (_signal, end) => startLocalNode(end),
  ending: (reason) => logger.info({ reason }, 'local node ends'),
  fatal: (error, what) => logger.fatal({ err: error }, `local node: ${what}`),
  closeWithinMs: CLOSE_WITHIN_MS,
});
