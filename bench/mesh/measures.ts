import type { Duplex } from 'node:stream';
import { median } from '../report.js';
import { ECHO } from './requests.js';

/** Opens a new stream to the target over one of the compared paths. */
export type Open = () => Promise<Duplex>;

const STREAM_SECONDS = 4;
const STREAMS_AT_ONCE = 64;
const BULK_BYTES = 1024 ** 3;
const ROUND_TRIPS = 2_000;
const ROUND_TRIP_BYTES = 64;

/** Streams per second, each opened and used for one byte. */
export async function newStreams(open: Open): Promise<number> {
  const until = performance.now() + STREAM_SECONDS * 1_000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await exchange(open, 1);
      done += 1;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, worker));
  return (done * 1_000) / (performance.now() - began);
}

/** Bytes per second. */
export async function bulkRate(open: Open, flows: number): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: flows }, () => exchange(open, BULK_BYTES / flows)));
  return (BULK_BYTES * 1_000) / (performance.now() - began);
}

/** Milliseconds for 64 bytes there and back in an open stream; the median of many. */
export async function roundTrip(open: Open): Promise<number> {
  const stream = await open();
  stream.write(requestOf(ECHO));
  const block = Buffer.alloc(ROUND_TRIP_BYTES, 'x');
  const times: number[] = [];
  for (let count = 0; count < ROUND_TRIPS; count += 1) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      let left = block.length;
      const take = (chunk: Buffer) => {
        left -= chunk.length;
        if (left > 0) return;
        stream.off('data', take);
        stream.off('error', reject);
        resolve();
      };
      stream.on('data', take);
      stream.once('error', reject);
      stream.write(block);
    });
    times.push(performance.now() - began);
  }
  stream.end();
  stream.resume();
  return median(times);
}

/** Requests this many bytes over a new stream and reads them to the end. */
async function exchange(open: Open, bytes: number): Promise<void> {
  const stream = await open();
  await new Promise<void>((resolve, reject) => {
    let left = bytes;
    stream.on('data', (chunk: Buffer) => {
      left -= chunk.length;
    });
    stream.once('error', reject);
    stream.once('end', () => {
      stream.end();
      if (left === 0) resolve();
      else reject(new Error(`${left} bytes are missing`));
    });
    stream.write(requestOf(bytes)); // not ended yet: HAProxy's TLS cannot close one direction alone
  });
}

function requestOf(bytes: number): Buffer {
  const request = Buffer.alloc(8);
  request.writeBigUInt64BE(BigInt(bytes));
  return request;
}
