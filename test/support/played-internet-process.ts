import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import { playServices, type ServicesRole } from './played-services.js';

/**
 * The work of a process of the simulated internet; read from its first line of input, and again from each later one.
 */
export interface InternetRole {
  /** Answers for names: `A 203.0.113.10`, `AAAA ...`, `CNAME other.example`. */
  readonly records?: { readonly [name: string]: readonly string[] };
  /** The listen address of its DNS server. */
  readonly resolver?: string;
  /** HTTPS servers by the text of their answer: the listen address, as `address port`. */
  readonly servers?: { readonly [name: string]: string };
  readonly services?: ServicesRole;
  readonly certificate?: string;
  readonly key?: string;
}

let role: InternetRole = {};
const fail = (error: Error): void => tell({ kind: 'error', message: error.message });
const tell = (said: object): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

function answersTo(packet: Buffer): Buffer {
  const query = decode(packet);
  const [question] = query.questions ?? [];
  const name = question?.name.toLowerCase() ?? '';
  tell({ kind: 'query', name, type: question?.type });
  const answers: Answer[] = [];
  for (let owner = name, left = 5; left > 0; left -= 1) {
    const records = (role.records?.[owner] ?? []).map((record) => record.split(' '));
    for (const [type, data = ''] of records) {
      if (type === 'CNAME' || type === question?.type) answers.push({ name: owner, type, ttl: 0, data } as Answer);
    }
    const next = records.find(([type]) => type === 'CNAME')?.[1];
    if (next === undefined) break;
    owner = next;
  }
  const isKnown = role.records?.[name] !== undefined;
  const reply: Packet = { id: query.id ?? 0, type: 'response', flags: 0x0180 | (isKnown ? 0 : 3), answers };
  if (query.questions !== undefined) reply.questions = query.questions;
  return encode(reply);
}

function serveNames(address: string): void {
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => socket.send(answersTo(packet), from.port, from.address));
  socket.bind(53, address);
  createServer((connection) => {
    connection.on('error', () => {});
    connection.on('data', (bytes) => {
      const answer = answersTo(bytes.subarray(2));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      connection.end(Buffer.concat([length, answer]));
    });
  }).listen(53, address);
}

function keyPair() {
  const { certificate = '', key = '' } = role;
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

function serveHttps(name: string, address: string, port: number): void {
  const server = createHttpsServer(keyPair(), (request, response) => {
    tell({ kind: 'request', at: name, host: request.headers.host, path: request.url });
    if (request.url !== '/endless') {
      response.end(name);
      return;
    }
    const more = setInterval(() => response.write('x'.repeat(1_000)), 20);
    response.on('close', () => clearInterval(more));
  });
  server.on('connection', (socket) => {
    tell({ kind: 'connection', at: name, from: socket instanceof Socket ? socket.remoteAddress : null });
  });
  server.on('error', fail);
  server.listen(port, address);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const isFirst = Object.keys(role).length === 0;
  role = { ...role, ...JSON.parse(line) };
  if (isFirst) {
    if (role.resolver !== undefined) serveNames(role.resolver);
    for (const [name, place] of Object.entries(role.servers ?? {})) {
      const [address = '', port] = place.split(' ');
      serveHttps(name, address, Number(port));
    }
    if (role.services !== undefined) playServices(role.services, keyPair(), fail);
  }
  tell({ kind: 'ready' });
});
