import { CodedError } from '#libs/contracts/errors.js';
import { parseObject } from '#libs/contracts/json-fields.js';

/** The control plane, or what it needs for an answer, is away: worth another try. */
export class ControlPlaneUnreachableError extends CodedError {}

/** The control plane answered no, with its own code and remedy. */
export class ControlPlaneRefusedError extends CodedError {}

const TIMEOUT_MS = 10_000;

/** Errors: ControlPlaneUnreachableError, ControlPlaneRefusedError; neither quotes what was sent. */
export async function postJson(base: URL, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  const url = new URL(path, base);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    answer = await response.json();
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw unreachable(url, cause);
  }
  if (response.ok) return answer;
  const { code, detail, remedy } = parseObject(answer, 'problem');
  const isPassing = response.status >= 500 || response.status === 429;
  // What stands behind the control plane may be away: it says what.
  if (isPassing && typeof code !== 'string') throw unreachable(url, `status ${response.status}`);
  const Cause = isPassing ? ControlPlaneUnreachableError : ControlPlaneRefusedError;
  throw new Cause(
    typeof code === 'string' ? code : 'REFUSED',
    typeof detail === 'string' ? detail : `status ${response.status}`,
    typeof remedy === 'string' ? remedy : null,
  );
}

function unreachable(url: URL, why: string): ControlPlaneUnreachableError {
  return new ControlPlaneUnreachableError(
    'CONTROL_PLANE_UNREACHABLE',
    `${url.origin} gave no usable answer: ${why}`,
    'check GLOBALSTACKS_CONTROL_PLANE_URL and that the control plane runs',
  );
}
