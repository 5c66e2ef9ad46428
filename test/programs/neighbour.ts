import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { Pace } from '#test/support/pace.js';
import { inSpells } from './spells.js';

/**
 * A sandbox with normal traffic: neighbour.js NAME PORT. It looks up the name and opens connections to it, this many a
 * second however long they take, and reports how long each took, in milliseconds, to the answer and to the first byte.
 */
const [name = '', port = ''] = process.argv.slice(2);
const LOOK_UP_EVERY_MS = 5;
const CONNECT_EVERY_MS = 10;
const AT_ONCE = 3;
const FIRST_ANSWER_MS = 2_000;

const resolver = /^nameserver (\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '';
const socket = createSocket('udp4');
const waiting = new Map<number, (address: string) => void>();
socket.on('message', (message) => {
  const { id = 0, answers = [] } = decode(message);
  const address = answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : []))[0];
  if (address !== undefined) waiting.get(id)?.(address);
  waiting.delete(id);
});

let took = { dns: [] as number[], flow: [] as number[] };
let nextId = 0;

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

const lookUps = new Pace(
  LOOK_UP_EVERY_MS,
  AT_ONCE,
  async (lost) => {
    address = await lookUp(lost);
  },
  (ms) => took.dns.push(ms),
);
const connections = new Pace(
  CONNECT_EVERY_MS,
  AT_ONCE,
  (lost) => firstByte(address, lost),
  (ms) => took.flow.push(ms),
);
let address = await lookUp(AbortSignal.timeout(FIRST_ANSWER_MS));

inSpells({
  go: () => {
    took = { dns: [], flow: [] };
    lookUps.go();
    connections.go();
  },
  halt: async () => {
    await Promise.all([lookUps.halt(), connections.halt()]);
    return took;
  },
});
