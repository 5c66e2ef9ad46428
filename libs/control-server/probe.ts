import { CodedError } from '#libs/contracts/errors.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/** The protocol version of a current node; a control server that no longer serves it answers with an error. */
const PROTOCOL_VERSION = 130;
const MAX_BYTES = 65_536;

/** Why nodes on this host cannot use a control server; the codes are those of a node's state. */
export class ControlServerFault extends CodedError {
  constructor(code: 'MESH_CONTROL_UNREACHABLE' | 'MESH_CONTROL_INVALID', message: string) {
    super(code, message, meshRemedy(code));
  }
}

/**
 * Requests a control server's public key, which needs no login, as a tsnet node does first. Sends no secret and follows
 * no redirect. Resolves with null if it answers as a control server.
 */
export async function probeControlServer(controlUrl: string, timeoutMs: number): Promise<ControlServerFault | null> {
  let status: number;
  let text: string | null;
  try {
    const response = await fetch(`${controlUrl.replace(/\/+$/, '')}/key?v=${PROTOCOL_VERSION}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await bounded(response);
  } catch (error) {
    return new ControlServerFault('MESH_CONTROL_UNREACHABLE', `${controlUrl} does not answer: ${causeOf(error)}`);
  }
  if (status >= 500) {
    return new ControlServerFault('MESH_CONTROL_UNREACHABLE', `${controlUrl} answers with status ${status}`);
  }
  if (status === 200 && text !== null && hasPublicKey(text)) return null;
  return new ControlServerFault(
    'MESH_CONTROL_INVALID',
    `${controlUrl} answers, but is not a tsnet control server (status ${status})`,
  );
}

/** null: the body is longer than any key. */
async function bounded(response: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function hasPublicKey(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    const key = typeof answer === 'object' && answer !== null && 'publicKey' in answer ? answer.publicKey : null;
    return typeof key === 'string' && /^mkey:[0-9a-f]{64}$/.test(key) && !/^mkey:0+$/.test(key);
  } catch {
    return false;
  }
}

function causeOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message ?? 'no connection';
}
