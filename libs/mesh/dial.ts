import { setDeadline } from '#libs/async/deadline.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { PeerUnreachableError } from './flow.js';
import { type ClientSession, type DialSettings, dialSession } from './session-client.js';

/** At most this many endpoints of one peer are tried. */
const MAX_ENDPOINTS = 8;

/**
 * A session with the peer over the first of its endpoints that works, tried in order, connectMs each. Rejects with the
 * PeerUnreachableError of the last attempt.
 */
export async function dialPeer(
  agentId: AgentId,
  endpoints: readonly string[],
  settings: DialSettings,
  closing: AbortSignal,
): Promise<ClientSession> {
  let last = new PeerUnreachableError(
    'PEER_UNKNOWN',
    `no address of agent ${agentId} is known here`,
    'check with `gstacks agent list` that it is connected and has joined the mesh',
  );
  for (const endpoint of endpoints.slice(0, MAX_ENDPOINTS)) {
    const bound = new AbortController();
    const stop = () => bound.abort(closing.reason);
    const { connectMs } = settings.timings;
    const cancel = setDeadline(connectMs, () =>
      bound.abort(new Error(`no session was established within ${connectMs} ms`)),
    );
    closing.addEventListener('abort', stop, { once: true });
    if (closing.aborted) stop();
    try {
      return await dialSession(agentId, endpoint, settings, bound.signal);
    } catch (error) {
      if (!(error instanceof PeerUnreachableError)) throw error;
      last = error;
    } finally {
      cancel();
      closing.removeEventListener('abort', stop);
    }
  }
  throw last;
}
