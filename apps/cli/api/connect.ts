import { type Client, createClient } from '#libs/api-client/generated/client/index.js';
import { type AppliedDto, awaitApplied, awaitHeld } from '#libs/api-client/generated/index.js';
import type { Context } from '../context/context.js';
import { checkedFetch } from './checked-fetch.js';

export interface ConnectionSettings {
  readonly timeoutSeconds: number;
  /** Aborted by Ctrl-C. */
  readonly interruption: AbortSignal;
}

/** The control plane of one command line. Calls through `client` throw ApiError, UnreachableError, TimedOutError. */
export interface Connection {
  readonly client: Client;
  readonly context: Context;
  /** What the agents have acknowledged of a version, waiting at most this long. */
  applied(network: string, version: number, waitSeconds: number): Promise<AppliedDto>;
  /** Which agents are known to follow a version that a write found, waiting at most this long. */
  held(network: string, version: number, waitSeconds: number): Promise<AppliedDto>;
}

export function connect(context: Context, settings: ConnectionSettings): Connection {
  const { url, token } = context;
  const client = createClient({
    baseUrl: url,
    auth: token,
    throwOnError: true,
    fetch: checkedFetch({ context, ...settings }),
  });
  const waited = (network: string, version: number, waitSeconds: number) => ({
    client,
    path: { network, version: String(version) },
    query: { waitSeconds },
    fetch: checkedFetch({ context, ...settings, timeoutSeconds: settings.timeoutSeconds + waitSeconds }),
  });
  return {
    client,
    context,
    applied: (network, version, waitSeconds) => awaitApplied(waited(network, version, waitSeconds)),
    held: (network, version, waitSeconds) => awaitHeld(waited(network, version, waitSeconds)),
  };
}
