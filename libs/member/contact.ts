import { rest } from '#libs/async/rest.js';
import { BusTimeoutError, BusUnavailableError } from '#libs/bus/errors.js';
import { HEARTBEAT_INTERVAL_MS, HEARTBEAT_TIMEOUT_MS } from '#libs/contracts/bus/contact.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';

const HELLO_RETRY_MS = 500;
/**
 * Between heartbeats while nobody serves their subject. A control plane that starts sends a member nothing before it
 * has heard from it, and only the bus's server has work with a heartbeat that nobody serves.
 */
const UNSERVED_INTERVAL_MS = 250;
/** The time for an answer to a hello grows up to this, so that a busy control plane does not answer for nothing. */
const LONGEST_HELLO_TIMEOUT_MS = 4 * HEARTBEAT_TIMEOUT_MS;

export interface ContactPorts {
  readonly hello: () => HelloMessage;
  readonly acknowledgements: () => readonly AppliedMessage[];
  /** Each call is one attempt. */
  readonly sendHello: (message: HelloMessage, timeoutMs: number) => Promise<unknown>;
  readonly sendHeartbeat: (message: HeartbeatMessage, timeoutMs: number) => Promise<unknown>;
  /** Largest message in bytes. */
  readonly maxMessageBytes: () => number;
  /** Called when the control plane answered. Nothing else counts as contact. */
  readonly answered: (reply: ContactReply, to: 'hello' | 'heartbeat') => void;
  readonly unanswered: (error: unknown) => void;
}

/** Sends a hello after each connect, then heartbeats while the connection lasts. */
export class Contact {
  private readonly closing = new AbortController();
  private connection = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private hurry = new AbortController();
  private turn = 0;

  constructor(private readonly ports: ContactPorts) {}

  connected(): void {
    this.disconnected();
    const connection = new AbortController();
    this.connection = connection;
    const signal = AbortSignal.any([connection.signal, this.closing.signal]);
    this.running = this.running.then(() => this.stayInContact(signal));
  }

  disconnected(): void {
    this.connection.abort();
  }

  /** Sends the next heartbeat now. */
  hasten(): void {
    this.hurry.abort();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async stayInContact(signal: AbortSignal): Promise<void> {
    for (let timeoutMs = HEARTBEAT_TIMEOUT_MS; !signal.aborted; ) {
      const failure = await this.attempt('hello', timeoutMs);
      if (failure === null) break;
      if (failure instanceof BusTimeoutError) timeoutMs = Math.min(timeoutMs * 2, LONGEST_HELLO_TIMEOUT_MS);
      await rest(HELLO_RETRY_MS, signal);
    }
    for (let intervalMs = HEARTBEAT_INTERVAL_MS; ; ) {
      await rest(intervalMs, AbortSignal.any([signal, this.hurry.signal]));
      if (signal.aborted) return;
      this.hurry = new AbortController();
      const failure = await this.attempt('heartbeat', HEARTBEAT_TIMEOUT_MS);
      intervalMs = failure instanceof BusUnavailableError ? UNSERVED_INTERVAL_MS : HEARTBEAT_INTERVAL_MS;
    }
  }

  /** Why there was no answer; null: there was. */
  private async attempt(kind: 'hello' | 'heartbeat', timeoutMs: number): Promise<unknown> {
    const { ports } = this;
    try {
      const hello = ports.hello();
      const reply =
        kind === 'hello'
          ? await ports.sendHello(hello, timeoutMs)
          : await ports.sendHeartbeat(this.heartbeat(hello), timeoutMs);
      ports.answered(parseContactReply(reply), kind);
      return null;
    } catch (error) {
      if (!this.closing.signal.aborted) ports.unanswered(error);
      return error;
    }
  }

  /** Contains as many acknowledgements as fit; the others follow in the next heartbeats. */
  private heartbeat(hello: HelloMessage): HeartbeatMessage {
    const all = this.ports.acknowledgements();
    const room = this.ports.maxMessageBytes() - Buffer.byteLength(JSON.stringify(hello)) - ENVELOPE_BYTES;
    const acknowledgements: AppliedMessage[] = [];
    let used = 0;
    let taken = 0;
    for (; taken < all.length; taken += 1) {
      const next = all[(this.turn + taken) % all.length];
      if (next === undefined) break;
      used += Buffer.byteLength(JSON.stringify(next)) + 1;
      if (used > room) break;
      acknowledgements.push(next);
    }
    // An acknowledgement that never fits is sent only as a message of its own.
    this.turn = all.length === 0 ? 0 : (this.turn + Math.max(taken, 1)) % all.length;
    return { ...hello, acknowledgements };
  }
}

const ENVELOPE_BYTES = 1_024;
