import { parentPort, workerData } from 'node:worker_threads';
import { CodedError } from '#libs/contracts/errors.js';
import { countAnswers } from './counted-handler.js';
import { countIn } from './counters.js';
import { DeniedQueries } from './denied-queries.js';
import { parseEndpoint } from './endpoint.js';
import { createForbiddenRanges, forbiddenBlocks } from './forbidden-ranges.js';
import { createHandler } from './handler.js';
import { createListeners } from './listeners.js';
import { OutsideAnswers } from './outside-answers.js';
import { OutsideAsks } from './outside-asks.js';
import { createRateLimit } from './rate-limit.js';
import { createReverseNames } from './reverse-names.js';
import { openTcpListener, TcpConnections } from './tcp-listener.js';
import { openUdpListener } from './udp-listener.js';
import { createUpstream } from './upstream.js';
import type { NumberedRequest, WorkerMessage, WorkerResults, WorkerSettings } from './worker-messages.js';
import { changeZone, EMPTY_ZONE, indexZone } from './zone-index.js';

if (parentPort === null) throw new Error('the DNS worker runs in a worker thread');
const port = parentPort;
const { settings, limits, counters, answersOutside, seed } = workerData as WorkerSettings;

const count = countIn(counters);
let zone = indexZone(EMPTY_ZONE, seed);

const upstreams = settings.upstreams.map((address) => parseEndpoint(address, 'DNS upstream'));
const ownBlocks = forbiddenBlocks(settings.forbiddenRanges);
const isForbidden = createForbiddenRanges(ownBlocks);
const upstream =
  upstreams.length === 0
    ? null
    : createUpstream({
        servers: upstreams,
        isForbidden,
        randomId: randomIds(),
        limits,
        now: () => performance.now(),
        changed: ({ address, family, port: number }, isSilent) => {
          const server = family === 4 ? `${address}:${number}` : `[${address}]:${number}`;
          tell({ kind: isSilent ? 'upstream-silent' : 'upstream-answers', address: server });
        },
      });
const outsideAsks = new OutsideAsks((asks) => tell({ kind: 'outside-asked', asks }));
const deniedQueries = new DeniedQueries((denied) => tell({ kind: 'names-denied', denied }));
const answering = createHandler({
  zone: () => zone,
  outside: answersOutside ? new OutsideAnswers(outsideAsks.ask, () => performance.now(), seed) : null,
  upstream,
  denied: (source, name) => deniedQueries.add(source, name),
  reverseNames: createReverseNames(ownBlocks),
  rateLimit: createRateLimit(settings.queriesPerSecondPerSource, limits.rateSources),
  count,
  now: () => performance.now(),
});
const handler = countAnswers(answering, count);

const connections = new TcpConnections(limits);
const listeners = createListeners(
  async (endpoint, onLost) => {
    const udp = await openUdpListener(endpoint, handler, onLost);
    try {
      const tcp = await openTcpListener(endpoint, handler, connections, limits, () => count('malformed'), onLost);
      return { close: async () => void (await Promise.all([udp.close(), tcp.close()])) };
    } catch (error) {
      await udp.close();
      throw error;
    }
  },
  (failure) => tell({ kind: 'listener-lost', failure }),
);

// An address in use, or one whose link does not exist yet, may become available without an event.
const retry = setInterval(async () => {
  for (const address of await listeners.retry()) tell({ kind: 'listener-back', address });
}, limits.listenRetryMs);

/** Only queries to upstream servers need the module, which takes 10 ms of CPU in each thread that loads it. */
function randomIds(): () => number {
  const { randomInt } = process.getBuiltinModule('node:crypto');
  return () => randomInt(65_536);
}

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

async function perform(request: NumberedRequest): Promise<WorkerResults[keyof WorkerResults]> {
  switch (request.kind) {
    case 'load':
      zone = indexZone(request.zone, seed);
      return zone.revision;
    case 'change':
      if (zone.revision === request.change.revision) return zone.revision;
      if (zone.revision !== request.change.from) return null;
      zone = changeZone(zone, request.change);
      return zone.revision;
    case 'listen':
      return listeners.set(request.addresses);
    case 'revision':
      return zone.revision;
    case 'outside':
      outsideAsks.answered(request.answers);
      return null;
    case 'close':
      upstream?.close();
      clearInterval(retry);
      await listeners.set([]);
      return null;
  }
}

port.on('message', (request: NumberedRequest) => {
  const { requestId } = request;
  perform(request).then(
    (result) => {
      tell({ kind: 'done', requestId, result });
      if (request.kind === 'close') port.close();
    },
    (error: unknown) => {
      const code = error instanceof CodedError ? error.code : 'DNS_WORKER_FAILED';
      tell({ kind: 'failed', requestId, code, message: error instanceof Error ? error.message : String(error) });
    },
  );
});
