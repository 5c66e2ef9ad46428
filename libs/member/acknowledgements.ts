import { rest } from '#libs/async/rest.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { NetworkId } from '#libs/contracts/ids.js';

export interface AcknowledgementsPorts {
  /** Resolves once the control plane has answered; rejects when aborted, or when it cannot take the message now. */
  readonly deliver: (message: AppliedMessage, signal: AbortSignal) => Promise<void>;
  readonly failed: (message: AppliedMessage, error: unknown) => void;
}

/** Ids of flows in one message, so that it stays below the megabyte that the bus carries. */
export const MOST_FLOWS_A_MESSAGE = 25_000;
/** A longer list was taken note of when its message was answered, and weighs on each heartbeat. */
const MOST_FLOWS_REPEATED = 100;
const RETRY_MS = 2_000;

interface Queue {
  readonly waiting: AppliedMessage[];
  latest: AppliedMessage;
  sending: Promise<void> | null;
}

/**
 * What the control plane is yet to hear: each network's acknowledgements in order, every one kept until it is
 * answered, so that no cut flow goes uncounted.
 */
export class Acknowledgements {
  private readonly queues = new Map<NetworkId, Queue>();
  private readonly closing = new AbortController();

  constructor(private readonly ports: AcknowledgementsPorts) {}

  add(message: AppliedMessage): void {
    for (const part of splitFlows(message)) this.enqueue(part);
  }

  /** In order; what a restart must not lose. */
  unanswered(networkId: NetworkId): readonly AppliedMessage[] {
    return this.queues.get(networkId)?.waiting.slice() ?? [];
  }

  /** The last of each network, answered or not: heartbeats repeat them. */
  latest(): readonly AppliedMessage[] {
    return [...this.queues.values()].map(({ latest, waiting }) =>
      waiting.length === 0 && latest.flowsCut.length > MOST_FLOWS_REPEATED ? { ...latest, flowsCut: [] } : latest,
    );
  }

  /** Sends the last of a network again, unless it is on its way. */
  repeat(networkId: NetworkId): void {
    const queue = this.queues.get(networkId);
    if (queue !== undefined && queue.waiting.length === 0) this.enqueue(queue.latest);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.queues.values()].map(({ sending }) => sending));
  }

  private enqueue(message: AppliedMessage): void {
    let queue = this.queues.get(message.networkId);
    if (queue === undefined) {
      queue = { waiting: [], latest: message, sending: null };
      this.queues.set(message.networkId, queue);
    }
    queue.waiting.push(message);
    queue.latest = message;
    queue.sending ??= this.send(queue);
  }

  private async send(queue: Queue): Promise<void> {
    const { signal } = this.closing;
    for (let head = queue.waiting[0]; head !== undefined && !signal.aborted; head = queue.waiting[0]) {
      try {
        await this.ports.deliver(head, signal);
        queue.waiting.shift();
      } catch (error) {
        if (signal.aborted) break;
        this.ports.failed(head, error);
        await rest(RETRY_MS, signal);
      }
    }
    queue.sending = null;
  }
}

/** A message with more flows than one can carry becomes several that say the same of the version. */
function splitFlows(message: AppliedMessage): readonly AppliedMessage[] {
  const { flowsCut } = message;
  if (flowsCut.length <= MOST_FLOWS_A_MESSAGE) return [message];
  const parts: AppliedMessage[] = [];
  for (let start = 0; start < flowsCut.length; start += MOST_FLOWS_A_MESSAGE) {
    parts.push({ ...message, flowsCut: flowsCut.slice(start, start + MOST_FLOWS_A_MESSAGE) });
  }
  return parts;
}
