import { rest } from '#libs/async/rest.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { NetworkId } from '#libs/contracts/ids.js';

export interface AcknowledgementsPorts {
  /**
   * Resolves once the control plane has answered; rejects if aborted, or if the control plane cannot take the message
   * now.
   */
  readonly deliver: (message: AppliedMessage, signal: AbortSignal) => Promise<void>;
  readonly failed: (message: AppliedMessage, error: unknown) => void;
}

/** Flow ids in one message, so that it stays below the bus's limit of 1 MiB. */
export const MOST_FLOWS_A_MESSAGE = 25_000;
/**
 * Heartbeats repeat flow ids of an acknowledgement up to this number: the control plane has counted them when it
 * answered the message.
 */
const MOST_FLOWS_REPEATED = 100;
const RETRY_MS = 2_000;

interface Queue {
  readonly waiting: AppliedMessage[];
  latest: AppliedMessage;
  sending: Promise<void> | null;
}

/**
 * Acknowledgements that the control plane has not answered yet, in order for each network. Each is kept until it is
 * answered, so that every cut flow is counted.
 */
export class Acknowledgements {
  private readonly queues = new Map<NetworkId, Queue>();
  private readonly closing = new AbortController();

  constructor(private readonly ports: AcknowledgementsPorts) {}

  add(message: AppliedMessage): void {
    for (const part of splitFlows(message)) this.enqueue(part);
  }

  /** In order. These have to survive a restart. */
  unanswered(networkId: NetworkId): readonly AppliedMessage[] {
    return this.queues.get(networkId)?.waiting.slice() ?? [];
  }

  /** The last one of each network, answered or not, for heartbeats to repeat. */
  latest(): readonly AppliedMessage[] {
    return [...this.queues.values()].map(({ latest, waiting }) =>
      waiting.length === 0 && latest.flowsCut.length > MOST_FLOWS_REPEATED ? { ...latest, flowsCut: [] } : latest,
    );
  }

  /** Sends a network's last acknowledgement again, unless it is being sent. */
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

/** Splits a message with too many flows into several about the same version. */
function splitFlows(message: AppliedMessage): readonly AppliedMessage[] {
  const { flowsCut } = message;
  if (flowsCut.length <= MOST_FLOWS_A_MESSAGE) return [message];
  const parts: AppliedMessage[] = [];
  for (let start = 0; start < flowsCut.length; start += MOST_FLOWS_A_MESSAGE) {
    parts.push({ ...message, flowsCut: flowsCut.slice(start, start + MOST_FLOWS_A_MESSAGE) });
  }
  return parts;
}
