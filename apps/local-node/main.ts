import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { BUILT_MESH_NODE } from '#libs/mesh/tsnet/mesh-node-program.js';
import { BackgroundNode } from './background-node.js';
import { serveControl } from './control-server.js';
import { MESH_FOLDER_PREFIX } from './mesh.js';

/** Started by `gstacks mesh join` with its folder and the control plane's url; tokens come over the socket alone. */
const [folder, url] = process.argv.slice(2);
if (folder === undefined || url === undefined) {
  process.stderr.write('gstacks mesh join starts this process\n');
  process.exit(2);
}

/** A node without a network waits so long for a first or another join, then ends. */
const IDLE_MS = 5_000;
/** Longer than any step of shutting down. */
const SHUTDOWN_MS = 5_000;

const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' });
let ending = false;
let idleTimer: NodeJS.Timeout | null = null;

// Of nodes that were killed: no other process has this folder.
for (const name of readdirSync(folder)) {
  if (name.startsWith(MESH_FOLDER_PREFIX)) rmSync(join(folder, name), { recursive: true, force: true });
}

const node = new BackgroundNode({
  url,
  stateFile: join(folder, 'state.json'),
  folder,
  meshNode: process.env.GLOBALSTACKS_MESH_NODE || BUILT_MESH_NODE,
  log: (event, fields) => logger.info(fields, event),
  now: () => new Date(),
  idle: () => endWhenIdle(),
});
const server = await serveControl(join(folder, 'socket'), (request) => node.answer(request));
logger.info({ url }, 'local node started');
endWhenIdle();

function endWhenIdle(): void {
  if (idleTimer !== null) clearTimeout(idleTimer);
  idleTimer = setTimeout(() => {
    idleTimer = null;
    if (!node.state().networks.some(({ state }) => state === 'joined')) void end('no network is joined');
  }, IDLE_MS);
}

async function end(reason: string): Promise<void> {
  if (ending) return;
  ending = true;
  logger.info({ reason }, 'local node ends');
  setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
  server.close();
  await node.close();
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(signal));
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'unexpected error');
  process.exit(1);
});
