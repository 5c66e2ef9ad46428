import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from 'dns-packet';

/** The generator's request and its answer. */
export interface Load {
  /** The source address of the queries; undefined: the kernel chooses. */
  readonly source?: string;
  /** The queries are for `a0`, `a1` and so on of this domain. */
  readonly domain: string;
  readonly names: number;
  readonly port: number;
  readonly inFlight: number;
  readonly milliseconds: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly milliseconds: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  readonly lost: number;
}

const STEP = 7_919;
const SILENCE_MS = 100;
const MAX_SAMPLES = 2_000_000;

/** Keeps this many queries in flight over one socket: each answer triggers the next query. */
async function generate({ source, domain, names, port, inFlight, milliseconds }: Load): Promise<LoadResult> {
  const queries = Array.from({ length: names }, (_, index) =>
    Buffer.from(encode({ flags: 0x100, questions: [{ name: `a${index}.${domain}`, type: 'A' }] })),
  );
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  if (source !== undefined) {
    socket.bind(0, source);
    await once(socket, 'listening');
  }
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // A server that does not listen yet refuses; the watch below asks again.
  socket.on('error', () => {});

  const sentAt = new Float64Array(65_536);
  const samples = new Float64Array(MAX_SAMPLES);
  let answers = 0;
  let lost = 0;
  let id = 0;
  let name = 0;
  const began = performance.now();
  const until = began + milliseconds;
  function ask(): void {
    id = (id + 1) & 0xffff;
    // A stride without a common factor with the number of names visits all of them in an irregular order.
    name = (name + STEP) % names;
    const query = queries[name];
    if (query === undefined) return;
    query[0] = id >> 8;
    query[1] = id & 0xff;
    sentAt[id] = performance.now();
    socket.send(query);
  }
  let heardAt = began;
  await new Promise<void>((resolve) => {
    // Without this, queries that a full socket dropped would reduce the number in flight.
    const watch = setInterval(() => {
      if (performance.now() - heardAt < SILENCE_MS) return;
      lost += inFlight;
      for (let count = 0; count < inFlight; count += 1) ask();
    }, SILENCE_MS);
    socket.on('message', (answer) => {
      const now = performance.now();
      if (answer[7] !== 1) throw new Error('an answer without its record');
      heardAt = now;
      samples[answers % MAX_SAMPLES] = now - (sentAt[((answer[0] ?? 0) << 8) | (answer[1] ?? 0)] ?? 0);
      answers += 1;
      if (now < until) return ask();
      clearInterval(watch);
      resolve();
    });
    for (let count = 0; count < inFlight; count += 1) ask();
  });
  const elapsed = performance.now() - began;
  socket.close();
  const sorted = samples.subarray(0, Math.min(answers, MAX_SAMPLES)).sort();
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1_000);
  return { answers, milliseconds: elapsed, p50Microseconds: at(0.5), p99Microseconds: at(0.99), lost };
}

process.on('message', (load: Load) => {
  generate(load).then((result) => process.send?.(result));
});
