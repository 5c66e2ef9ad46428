import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { encode, RECURSION_DESIRED } from 'dns-packet';
import { inSpells } from './spells.js';

/**
 * A sandbox that sends as much as it can: hostile-sandbox.js ADDRESS PORT. Queries for its neighbours' names and for
 * outside ones without reading the answers, and connections to the proxy address that it resets at once.
 */
const [address = '', port = ''] = process.argv.slice(2);
const QUERIES_A_TURN = 50;
const CONNECTIONS_A_TURN = 10;

const resolver = /^nameserver (\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '';
const socket = createSocket('udp4');
let isRunning = false;
let count = 0;
/**
 * Not connected yet: otherwise their clients would keep trying while the others are measured beside a polite member.
 */
const pending = new Set<Socket>();

function turn(): void {
  if (!isRunning) return;
  for (let n = 0; n < QUERIES_A_TURN; n += 1) {
    count += 1;
    const name = n % 2 === 0 ? 'api.dev.gstacks' : `a${count}.example.com`;
    socket.send(
      encode({
        type: 'query',
        id: count % 65_536,
        flags: RECURSION_DESIRED,
        questions: [{ type: 'A', name }],
      }),
      53,
      resolver,
      () => {},
    );
  }
  for (let n = 0; n < CONNECTIONS_A_TURN; n += 1) {
    const client = connect({ host: address, port: Number(port) });
    pending.add(client);
    client.on('error', () => {});
    client.once('connect', () => client.resetAndDestroy());
    client.once('close', () => pending.delete(client));
  }
  setImmediate(turn);
}

socket.on('error', () => {});
inSpells({
  go: () => {
    isRunning = true;
    turn();
  },
  halt: () => {
    isRunning = false;
    for (const client of pending) client.destroy();
    return { count };
  },
});
