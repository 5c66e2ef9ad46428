import type { DnsCounters } from './zone.js';

const NAMES = [
  'queries',
  'malformed',
  'refused',
  'rateLimited',
  'upstreamFailures',
  'upstreamDropped',
] as const satisfies readonly (keyof DnsCounters)[];

export type CounterName = (typeof NAMES)[number];

/** Memory that the worker counts in and the main thread reads, so that counts outlive a worker that dies. */
export function createCounterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(NAMES.length * Float64Array.BYTES_PER_ELEMENT);
}

/** One worker at a time writes; whole numbers up to 2^53. */
export function countIn(memory: SharedArrayBuffer): (name: CounterName) => void {
  const values = new Float64Array(memory);
  return (name) => {
    const index = NAMES.indexOf(name);
    values[index] = (values[index] ?? 0) + 1;
  };
}

export function readCounters(memory: SharedArrayBuffer): DnsCounters {
  const values = new Float64Array(memory);
  const [queries = 0, malformed = 0, refused = 0, rateLimited = 0, upstreamFailures = 0, upstreamDropped = 0] = values;
  return { queries, malformed, refused, rateLimited, upstreamFailures, upstreamDropped };
}
