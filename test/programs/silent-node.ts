import { createServer } from 'node:net';
import { join } from 'node:path';
import { takeLock } from '#libs/program/lock.js';
import { listenAsOwner } from '#libs/program/owned-socket.js';

/** A background node that hangs: it has the folder and listens, but answers nobody and ignores signals. */
const [folder = ''] = process.argv.slice(2);
const attempt = takeLock(join(folder, 'node'));
if (attempt.kind === 'held') process.exit(1);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
await listenAsOwner(createServer(), join(folder, 'socket'), attempt.lock);
process.send?.('ready');
