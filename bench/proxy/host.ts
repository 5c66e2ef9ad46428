import { freePort } from '#test/support/ports.js';
import { createHostEngine, listenFor } from './host-engine.js';

/** The data plane of one host: sbx-web reaches sbx-api, the backend whose port is the argument, by policy. */

const place = { port: await freePort(), backend: Number(process.argv[2]), on: 'host-a' } as const;
await listenFor(createHostEngine('host-a', place, null), place);
process.once('disconnect', () => process.exit(0));
process.send?.(place.port);
