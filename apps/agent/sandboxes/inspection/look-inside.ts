import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, isIPv6 } from 'node:net';
import { setDeadline } from '#libs/async/deadline.js';

/**
 * A program that the agent runs inside a sandbox's network namespace, where it acts as the sandbox. Its argument is a
 * question in JSON; it prints the answer.
 */
export type InsideQuestion =
  | { readonly kind: 'name'; readonly name: string; readonly servers: readonly string[] }
  | { readonly kind: 'dials'; readonly neighbours: readonly string[]; readonly places: readonly Place[] };

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** The neighbours that answered, or the places that accepted a connection, as `address:port`. */
export interface DialsAnswer {
  readonly neighbours: readonly string[];
  readonly places: readonly string[];
}

export interface InsideAnswer<Question extends InsideQuestion> {
  /** The addresses of the name, or why there are none. */
  readonly answer: Question['kind'] extends 'name' ? readonly string[] | string : DialsAnswer;
}

const LOOKUP_MS = 700;
/** A neighbour is on the same machine, so it answers at once or not at all. */
const DIAL_MS = 300;
/**
 * The discard port (RFC 863). Nobody listens there, so a neighbour that gets a datagram answers that the port is
 * closed.
 */
const DIALLED_PORT = 9;

async function lookUp(name: string, servers: readonly string[]): Promise<readonly string[] | string> {
  const resolver = new Resolver({ timeout: LOOKUP_MS, tries: 1 });
  try {
    resolver.setServers(servers);
    return await resolver.resolve4(name);
  } catch (error) {
    return codeOf(error);
  }
}

/** How a dial ended: open, the error's code, or null if nothing answered in time. */
function dial({ address, port }: Place): Promise<'open' | string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: DIAL_MS });
    const settle = (outcome: string | null) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => settle('open'));
    // On a busy machine, an answer may have arrived that this process has not read yet.
    socket.once('timeout', () => setImmediate(settle, null));
    socket.once('error', (error) => settle(codeOf(error)));
  });
}

/**
 * Uses a datagram: the host's rules refuse it differently (ICMP, prohibited) than the neighbour itself (port
 * unreachable), while a TCP reset could come from either.
 */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const settle = (isReached: boolean) => {
      cancel();
      socket.close();
      resolve(isReached);
    };
    const cancel = setDeadline(DIAL_MS, () => settle(false));
    socket.once('message', () => settle(true));
    socket.once('error', (error) => settle(codeOf(error) === 'ECONNREFUSED'));
    socket.connect(DIALLED_PORT, address, () => socket.send(Buffer.alloc(1)));
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function answerTo(question: InsideQuestion): Promise<readonly string[] | string | DialsAnswer> {
  if (question.kind === 'name') return lookUp(question.name, question.servers);
  const { neighbours, places } = question;
  const [answered, outcomes] = await Promise.all([Promise.all(neighbours.map(answers)), Promise.all(places.map(dial))]);
  const taken = places.filter((_, index) => outcomes[index] === 'open');
  return {
    neighbours: neighbours.filter((_, index) => answered[index]),
    places: taken.map(({ address, port }) => `${address}:${port}`),
  };
}

const question: InsideQuestion = JSON.parse(process.argv[2] ?? '');
void answerTo(question).then((answer) => process.stdout.write(JSON.stringify({ answer })));
