import type { OutgoingHttpHeaders } from 'node:http2';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { parseFlowId, parseLocalNodeId, parseNetworkId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parsePort } from '#libs/contracts/ports.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { FlowRequest, MeshIdentity } from './flow.js';

/** A CONNECT request that does not describe exactly one flow. */
export class FlowRequestError extends CodedError {}

const REQUIRED = ['gs-flow', 'gs-network', 'gs-alias', 'gs-port', 'gs-source', 'gs-version'] as const;
type Required = (typeof REQUIRED)[number];
const TRACE = 'gs-trace';
/** Header of a probe's request, repeated in the answer of a peer that knows probes. */
export const PROBE = 'gs-probe';
export const PROBE_MARK = '1';
const TRACE_ID = /^[0-9a-f]{32}$/;
/** No header value used here is longer than a domain name (RFC 1035 section 2.3.4). */
export const MAX_VALUE_LENGTH = 253;
/** The required headers, the pseudo-headers and a trace; a request has no use for more. */
export const MAX_HEADERS = 16;

/** flow: open it; probe: only ask whether it would be opened. */
export type Asked = 'flow' | 'probe';

/**
 * The headers of an HTTP/2 CONNECT (RFC 9113 section 8.5) that ask for a flow. `:authority` is required there and
 * ignored here.
 */
export function requestHeaders(request: FlowRequest, asked: Asked = 'flow'): OutgoingHttpHeaders {
  return {
    ...(asked === 'probe' ? { [PROBE]: PROBE_MARK } : {}),
    ':method': 'CONNECT',
    ':authority': 'flow',
    'gs-flow': request.flowId,
    'gs-network': request.networkId,
    'gs-alias': request.alias,
    'gs-port': String(request.port),
    'gs-source': formatSource(request.source),
    'gs-version': String(request.version),
  };
}

/**
 * The flow or probe that a peer's headers ask for, from HTTP/2's flat list of names and values. Each `gs-` header must
 * be known and occur once; other headers are ignored, up to a limit. Throws FlowRequestError.
 */
export function parseRequestHeaders(flat: readonly string[]): { readonly asked: Asked; readonly request: FlowRequest } {
  const headers = gather(flat);
  if (headers.get(':method') !== 'CONNECT') throw new FlowRequestError('NOT_CONNECT', 'only CONNECT opens a flow');
  const value = (name: Required) => {
    const found = headers.get(name);
    if (found === undefined) throw new FlowRequestError('HEADER_MISSING', `${name} is missing`);
    return found;
  };
  try {
    const trace = headers.get(TRACE);
    if (trace !== undefined && !TRACE_ID.test(trace))
      throw new InvalidInputError(TRACE, trace, '32 hexadecimal digits');
    const probe = headers.get(PROBE);
    if (probe !== undefined && probe !== PROBE_MARK) throw new InvalidInputError(PROBE, probe, PROBE_MARK);
    const request: FlowRequest = {
      flowId: parseFlowId(value('gs-flow'), 'gs-flow'),
      networkId: parseNetworkId(value('gs-network'), 'gs-network'),
      alias: parseDestinationName(value('gs-alias'), 'gs-alias'),
      port: parsePort(value('gs-port'), 'gs-port'),
      source: parseSource(value('gs-source')),
      version: parseVersion(value('gs-version')),
    };
    return { asked: probe === undefined ? 'flow' : 'probe', request };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new FlowRequestError('HEADER_INVALID', error.message);
    throw error;
  }
}

/** A topology version in a header: a decimal without sign or leading zero. Throws InvalidInputError. */
export function parseVersion(text: string): number {
  const version = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(version)) throw new InvalidInputError('gs-version', text, 'a version number');
  return version;
}

/**
 * Throws FlowRequestError unless the peer may name this source: a local node only itself, an agent only sandboxes.
 * Whether the sandbox is on that agent is checked by the flow engine.
 */
export function checkSource(source: FlowSource, peer: MeshIdentity): void {
  if (peer.kind === 'agent' && source.kind === 'sandbox') return;
  if (peer.kind === 'local' && source.kind === 'local' && source.user === peer.user && source.node === peer.node)
    return;
  throw new FlowRequestError(
    'SOURCE_NOT_YOURS',
    `${formatSource(source)} is not a source that this peer may send connections for`,
  );
}

function gather(flat: readonly string[]): ReadonlyMap<string, string> {
  if (flat.length > MAX_HEADERS * 2) {
    throw new FlowRequestError('TOO_MANY_HEADERS', `more than ${MAX_HEADERS} headers`);
  }
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = flat[index] ?? '';
    const text = flat[index + 1] ?? '';
    const known = name === TRACE || name === PROBE || (REQUIRED as readonly string[]).includes(name);
    if (!known && name !== ':method') {
      if (name.startsWith('gs-')) throw new FlowRequestError('HEADER_UNKNOWN', `${name.slice(0, 64)} is not known`);
      continue;
    }
    if (headers.has(name)) throw new FlowRequestError('HEADER_DUPLICATE', `${name} is given more than once`);
    if (text.length > MAX_VALUE_LENGTH) throw new FlowRequestError('HEADER_TOO_LONG', `${name} is too long`);
    headers.set(name, text);
  }
  return headers;
}

/** The source as a header value: one string for each source. */
export function formatSource(source: FlowSource): string {
  return source.kind === 'sandbox' ? `sandbox:${source.sandboxId}` : `local:${source.user}:${source.node}`;
}

function parseSource(text: string): FlowSource {
  const parts = text.split(':');
  const [kind, first, second] = parts;
  if (kind === 'sandbox' && parts.length === 2) return { kind, sandboxId: parseSandboxId(first, 'gs-source') };
  if (kind === 'local' && parts.length === 3) {
    return { kind, user: parseUserName(first, 'gs-source'), node: parseLocalNodeId(second, 'gs-source') };
  }
  throw new InvalidInputError('gs-source', text, 'sandbox:<id> or local:<user>:<node>');
}
