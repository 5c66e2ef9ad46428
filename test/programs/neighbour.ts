import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { inSpells } from './spells.js';

/**
 * A sandbox that minds its own business: neighbour.js NAME PORT. It looks the name up and opens a connection to it, again
 * and again, and tells how long each took, in milliseconds, to the answer and to the first byte.
 */
const [name = '', port = ''] = process.argv.slice(2);
const PAUSE_MS = 4;
const LOST_AFTER_MS = 2_000;

const resolver = /^nameserver (\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '';
const socket = createSocket('udp4');
const waiting = new Map<number, (address: string) => void>();
socket.on('message', (message) => {
  const { id = 0, answers = [] } = decode(message);
  const address = answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : []))[0];
  if (address !== undefined) waiting.get(id)?.(address);
  waiting.delete(id);
});

const took = { dns: [] as number[], flow: [] as number[] };
let isRunning = false;
let nextId = 0;

async function timed<T>(into: number[], work: (lost: AbortSignal) => Promise<T>): Promise<T | null> {
  const began = performance.now();
  try {
    return await work(AbortSignal.timeout(LOST_AFTER_MS));
  } catch {
    return null;
  } finally {
    into.push(performance.now() - began);
  }
}

function lookUp(lost: AbortSignal): Promise<string> {
  nextId = (nextId + 1) % 65_536;
  const id = nextId;
  return new Promise((resolve, reject) => {
    lost.addEventListener('abort', () => reject(lost.reason), { once: true });
    waiting.set(id, resolve);
    const query = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
    socket.send(query, 53, resolver);
  });
}

function firstByte(address: string, lost: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect({ host: address, port: Number(port), signal: lost });
    client.once('connect', () => client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    client.once('data', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
    client.resume();
  });
}

async function mindOwnBusiness(): Promise<void> {
  while (isRunning) {
    const address = await timed(took.dns, lookUp);
    if (address !== null) await timed(took.flow, (lost) => firstByte(address, lost));
    await pause(PAUSE_MS);
  }
}

inSpells({
  go: () => {
    isRunning = true;
    void mindOwnBusiness();
  },
  halt: () => {
    isRunning = false;
    return { dns: took.dns.splice(0), flow: took.flow.splice(0) };
  },
});
