import type { MeshApiKind, MintingSettings } from '../../foundation/mesh-settings.js';
import type { MeshControlServer } from './control-server.js';
import { MeshApiRefusedError, MeshApiUnauthorisedError, MeshApiUnreadableError } from './errors.js';
import { Headscale } from './headscale.js';
import { RestClient } from './rest.js';
import { Tailscale } from './tailscale.js';

const TIMEOUT_MS = 5_000;
/** Enough for a list of some thousand nodes. */
const MAX_BYTES = 8 * 1_024 * 1_024;

export interface OpeningOptions {
  readonly now: () => Date;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Aborts requests in progress, as if the server could not be reached. */
  readonly signal?: AbortSignal;
}

/**
 * The control server behind the API in these settings: of the kind they name, otherwise of the kind that its answers
 * show. Errors: those of errors.ts.
 */
export async function openControlServer(minting: MintingSettings, options: OpeningOptions): Promise<MeshControlServer> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, signal = new AbortController().signal } = options;
  const rest = new RestClient({ baseUrl: minting.apiUrl, token: minting.apiToken, timeoutMs, maxBytes, signal });
  const kind = minting.apiKind ?? (await recognise(rest));
  return kind === 'headscale' ? new Headscale(rest, minting.user) : new Tailscale(rest, minting.user, options.now);
}

const LISTS: readonly (readonly [MeshApiKind, path: string, member: string])[] = [
  ['headscale', 'api/v1/user', 'users'],
  ['tailscale', 'api/v2/tailnet/-/keys', 'keys'],
];

async function recognise(rest: RestClient): Promise<MeshApiKind> {
  let unauthorised: MeshApiUnauthorisedError | null = null;
  for (const [kind, path, member] of LISTS) {
    try {
      if (Array.isArray((await rest.call('GET', path))[member])) return kind;
    } catch (error) {
      if (error instanceof MeshApiUnauthorisedError) unauthorised = error;
      else if (!(error instanceof MeshApiRefusedError || error instanceof MeshApiUnreadableError)) throw error;
    }
  }
  throw unauthorised ?? rest.unreadable('neither Headscale nor Tailscale answers like this');
}
