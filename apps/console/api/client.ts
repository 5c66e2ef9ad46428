import { client } from '#libs/api-client/generated/client.gen.js';
import { HttpRefusalError } from '#libs/contracts/errors.js';
import { queries } from './query-cache.js';

/** The control plane did not answer. Whether a write was made is then unknown. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

/** A problem document (RFC 9457) from the control plane, with the field it is about. */
export class ProblemError extends HttpRefusalError {
  constructor(
    status: number,
    code: string,
    message: string,
    remedy: string | null,
    readonly field: string | null,
  ) {
    super(status, code, message, remedy);
  }
}

const UNAUTHENTICATED = 401;
const SESSION = '/v1/session';

/** The session may have ended; the answer then leads to the sign-in page. */
function askWhoIsSignedIn(): void {
  void queries.invalidateQueries({ queryKey: ['session'] });
}

/** Turns every refusal into a ProblemError and every missing answer into a NoAnswerError. */
async function checkedFetch(request: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new NoAnswerError('the control plane does not answer');
  }
  if (response.ok) return response;
  if (response.status === UNAUTHENTICATED && !response.url.endsWith(SESSION)) askWhoIsSignedIn();
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<Error> {
  const body = await response.json().catch(() => null);
  if (typeof body !== 'object' || body === null)
    return new NoAnswerError(`no answer that can be read: ${response.status}`);
  const { code, detail, remedy, field } = body as { readonly [member: string]: unknown };
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  if (code === 'WRITE_OUTCOME_UNKNOWN') return new NoAnswerError(text(detail) ?? response.statusText);
  return new ProblemError(
    response.status,
    text(code) ?? `HTTP_${response.status}`,
    text(detail) ?? response.statusText,
    text(remedy),
    text(field),
  );
}

client.setConfig({ baseUrl: globalThis.location?.origin ?? '', fetch: checkedFetch, throwOnError: true });

/** For routes called by path, with the same errors as the generated client. */
export async function ask<Answer>(
  method: string,
  path: string,
  body?: unknown,
  signal: AbortSignal | null = null,
): Promise<Answer> {
  const init: RequestInit = { method, signal };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { 'content-type': 'application/json' };
  }
  const response = await checkedFetch(path, init);
  return (await response.json()) as Answer;
}
