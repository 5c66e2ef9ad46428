import type { NetworkStatusDto } from '#libs/api-client/generated/index.js';
import { rest } from '#libs/async/rest.js';
import type { ServerSentEvent } from '#libs/contracts/server-sent-events.js';
import { followEvents } from './api/follow-events.js';
import type { Context } from './context/context.js';

const TRY_AGAIN_MS = 1_000;

export interface Watch {
  readonly network: string;
  readonly context: Context;
  readonly ask: () => Promise<NetworkStatusDto>;
  readonly show: (status: NetworkStatusDto) => void;
  /** Called once each time that the control plane is lost. */
  readonly lost: (error: Error) => void;
  /** Whether trying again will not help. */
  readonly isFinal: (error: Error) => boolean;
  readonly signal: AbortSignal;
}

/** Shows a network's status now and each time it changes, until the signal is aborted. Errors: those that are final. */
export async function watchStatus(watch: Watch): Promise<void> {
  let shown = '';
  let isLost = false;
  while (!watch.signal.aborted) {
    try {
      for await (const event of followEvents(watch.context, watch.signal)) {
        if (!concernsNetwork(event, watch.network)) continue;
        const status = await watch.ask();
        isLost = false;
        const text = JSON.stringify(status, withoutAges);
        if (text !== shown) watch.show(status);
        shown = text;
      }
    } catch (error) {
      if (watch.signal.aborted) return;
      if (!(error instanceof Error) || watch.isFinal(error)) throw error;
      if (!isLost) watch.lost(error);
      isLost = true;
      // What is shown next is shown whether it changed meanwhile or not.
      shown = '';
      await rest(TRY_AGAIN_MS, watch.signal);
    }
  }
}

/** What time alone changes is no news. */
const AGES = new Set(['lastContactAt', 'secondsAgo', 'expiresAt', 'reason']);

function withoutAges(key: string, value: unknown): unknown {
  return AGES.has(key) ? undefined : value;
}

/** Names of events after which any network's status may be another, and of those that name their network. */
const OF_ANY = new Set(['hello', 'resync', 'agent-state', 'sandbox', 'sandbox-state']);
const OF_NETWORK = new Set(['network', 'network-state', 'local-node', 'local-node-state']);

/** Whether the status of this network is to be asked for again. Events of a later release are passed over. */
function concernsNetwork({ name, data }: ServerSentEvent, network: string): boolean {
  if (OF_ANY.has(name)) return true;
  if (!OF_NETWORK.has(name)) return false;
  const told: unknown = JSON.parse(data);
  return typeof told === 'object' && told !== null && 'network' in told && told.network === network;
}
