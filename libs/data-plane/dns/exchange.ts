import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { Endpoint } from './endpoint.js';

/** A resolver did not answer in time, or the connection broke. */
export class ExchangeError extends CodedError {}
/** The network of this host reports that no resolver is at the address, or that no route leads there. */
export class ResolverUnreachableError extends ExchangeError {}

/** Recognises the answer to the question; other messages are ignored. */
export type Recognise = (message: Buffer) => boolean;

/**
 * Asks one question over UDP, from a socket of its own and so from a random port. The socket is connected, so the
 * kernel passes only the resolver's packets (RFC 5452 section 4.5). Rejects with ExchangeError or
 * ResolverUnreachableError.
 */
export function askOverUdp(
  server: Endpoint,
  question: Buffer,
  recognise: Recognise,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(server.family === 4 ? 'udp4' : 'udp6');
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      act();
    };
    const fail = (error: Error): void => settle(() => reject(failure(server, error)));
    const giveUp = (): void => settle(() => reject(unanswered(server, 'no answer in time')));
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp);
    socket.on('error', fail);
    socket.on('message', (message) => {
      if (recognise(message)) settle(() => resolve(message));
    });
    socket.on('connect', () => socket.send(question));
    socket.connect(server.port, server.address);
  });
}

/**
 * Asks one question over TCP (RFC 7766 section 8: two octets of length before each message). Rejects with
 * ExchangeError.
 */
export function askOverTcp(
  server: Endpoint,
  question: Buffer,
  recognise: Recognise,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port, family: server.family });
    const chunks: Buffer[] = [];
    let received = 0;
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      act();
    };
    const fail = (reason: string): void => settle(() => reject(unanswered(server, reason)));
    const giveUp = (): void => fail('no answer in time');
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('connection closed before an answer'));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received < 2) return;
      const stream = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      const end = 2 + stream.readUInt16BE(0);
      if (received < end) return;
      const message = stream.subarray(2, end);
      if (recognise(message)) settle(() => resolve(message));
      else fail('it answered another question than was asked');
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
  });
}

/** Errors of sockets when nobody listens there, no route leads there, or a firewall of this host blocks it. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EPERM',
  'EACCES',
]);

function failure(server: Endpoint, error: Error): ExchangeError {
  if (!('code' in error && UNREACHABLE.has(String(error.code)))) return unanswered(server, error.message);
  return new ResolverUnreachableError(
    'UPSTREAM_UNREACHABLE',
    `resolver ${server.address}:${server.port}: ${error.message}`,
  );
}

function unanswered(server: Endpoint, reason: string): ExchangeError {
  return new ExchangeError('UPSTREAM_UNANSWERED', `resolver ${server.address}:${server.port}: ${reason}`);
}
