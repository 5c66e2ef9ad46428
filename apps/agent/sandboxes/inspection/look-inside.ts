import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';

/**
 * A program of its own: the agent runs it in a sandbox's network namespace, where what it does is done as the sandbox.
 * Its argument is a question in JSON, what it prints the answer.
 */
export type InsideQuestion =
  | { readonly kind: 'name'; readonly name: string; readonly servers: readonly string[] }
  | { readonly kind: 'dials'; readonly addresses: readonly string[] }
  | { readonly kind: 'connects'; readonly places: readonly Place[] };

export interface Place {
  readonly address: string;
  readonly port: number;
}

export type InsideAnswer<Question extends InsideQuestion> = {
  /**
   * Addresses of the name, or why there are none; of the addresses dialled, those that answered; of the places, those
   * that took a connection, as `address:port`.
   */
  readonly answer: Question['kind'] extends 'name' ? readonly string[] | string : readonly string[];
};

const LOOKUP_MS = 700;
/** A neighbour is on this machine: it answers at once, or not at all. */
const DIAL_MS = 300;
/** Nobody listens there: a host that is reached refuses, and one that is not reached does not. */
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

/** How a dial ends: an open connection, the error that it fails with, or null when nothing answers in time. */
function dial({ address, port }: Place): Promise<'open' | string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: DIAL_MS });
    const settle = (outcome: string | null) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => settle('open'));
    // On a busy machine an answer may have arrived that this process has not read yet.
    socket.once('timeout', () => setImmediate(settle, null));
    socket.once('error', (error) => settle(codeOf(error)));
  });
}

async function answers(address: string): Promise<boolean> {
  const outcome = await dial({ address, port: DIALLED_PORT });
  return outcome === 'open' || outcome === 'ECONNREFUSED' || outcome === 'ECONNRESET';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function answerTo(question: InsideQuestion): Promise<readonly string[] | string> {
  if (question.kind === 'name') return lookUp(question.name, question.servers);
  if (question.kind === 'connects') {
    const outcomes = await Promise.all(question.places.map(dial));
    const taken = question.places.filter((_, index) => outcomes[index] === 'open');
    return taken.map(({ address, port }) => `${address}:${port}`);
  }
  const answered = await Promise.all(question.addresses.map(answers));
  return question.addresses.filter((_, index) => answered[index]);
}

const question: InsideQuestion = JSON.parse(process.argv[2] ?? '');
process.stdout.write(JSON.stringify({ answer: await answerTo(question) }));
