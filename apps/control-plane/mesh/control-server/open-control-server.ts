import type { MeshApiKind, MintingSettings } from '../../foundation/mesh-settings.js';
import type { MeshControlServer } from './control-server.js';
import { MeshApiRefusedError, MeshApiUnauthorisedError, MeshApiUnreadableError } from './errors.js';
import { Headscale } from './headscale.js';
import { RestClient } from './rest.js';
import { Tailscale } from './tailscale.js';

const TIMEOUT_MS = 5_000;
/** Room for some thousand nodes in one list. */
const MAX_BYTES = 8 * 1_024 * 1_024;

export interface OpeningOptions {
  readonly now: () => Date;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Ends what is under way, as if the server were not reachable. */
  readonly signal?: AbortSignal;
}

/**
 * The control server behind the API of these settings: of the kind they name, or else of the kind whose lists it
 * answers with. Errors: those of errors.ts.
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
