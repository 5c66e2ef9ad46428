import type { DnsCounters } from './zone.js';

export type CounterName = keyof DnsCounters;

const INDEX: Readonly<Record<CounterName, number>> = {
  queries: 0,
  malformed: 1,
  refused: 2,
  rateLimited: 3,
  upstreamFailures: 4,
  upstreamDropped: 5,
  answeredNoError: 6,
  answeredNameError: 7,
  answeredServerFailure: 8,
  answeredRefused: 9,
  answeredOtherwise: 10,
};

/** Memory in which the worker counts and which the main thread reads, so that counts survive a worker's crash. */
export function createCounterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Object.keys(INDEX).length * Float64Array.BYTES_PER_ELEMENT);
}

/** For one writing worker at a time; whole numbers up to 2^53. */
export function countIn(memory: SharedArrayBuffer): (name: CounterName) => void {
  const values = new Float64Array(memory);
  return (name) => {
    const index = INDEX[name];
    values[index] = (values[index] as number) + 1;
  };
}

export function readCounters(memory: SharedArrayBuffer): DnsCounters {
  const values = new Float64Array(memory);
  const read = (name: CounterName): number => values[INDEX[name]] ?? 0;
  return {
    queries: read('queries'),
    malformed: read('malformed'),
    refused: read('refused'),
    rateLimited: read('rateLimited'),
    upstreamFailures: read('upstreamFailures'),
    upstreamDropped: read('upstreamDropped'),
    answeredNoError: read('answeredNoError'),
    answeredNameError: read('answeredNameError'),
    answeredServerFailure: read('answeredServerFailure'),
    answeredRefused: read('answeredRefused'),
    answeredOtherwise: read('answeredOtherwise'),
  };
}
