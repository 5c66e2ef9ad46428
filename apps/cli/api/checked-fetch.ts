import { ApiError, InterruptedError, TimedOutError, UnreachableError } from '../errors/errors.js';
import { isJson, notControlPlane, parseObject, readProblem } from './read-problem.js';
import { type Answer, send } from './send.js';

export interface FetchSettings {
  readonly url: string;
  readonly timeoutSeconds: number;
  /** Aborted by Ctrl-C. */
  readonly interruption: AbortSignal;
}

/** Connections that were never made; any other failure may have come after the request was taken. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/**
 * A fetch that answers only with what the control plane said in 2xx, whole and as JSON. Everything else is thrown:
 * ApiError, UnreachableError, TimedOutError. Redirects are not followed, so that no token travels.
 */
export function checkedFetch(settings: FetchSettings): typeof fetch {
  return async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const signal = AbortSignal.any([AbortSignal.timeout(settings.timeoutSeconds * 1000), settings.interruption]);
    let answer: Answer;
    try {
      answer = await send(request, signal);
    } catch (error) {
      throw connectionError(error, request, settings);
    }
    const { status, headers, body } = answer;
    const contentType = headers['content-type'] ?? '';
    if (status < 200 || status > 299) {
      throw inCommandWords(readProblem(status, contentType, body, settings.url), request);
    }
    if (body !== '' && (!isJson(contentType) || parseObject(body) === null)) {
      throw notControlPlane(settings.url, 'an answer that is not a JSON object');
    }
    return new Response(body === '' ? null : body, { status, headers });
  };
}

/** What a client of the API does with a header, whoever types commands does with a flag. */
function inCommandWords(problem: Error, request: Request): Error {
  if (!(problem instanceof ApiError) || problem.code !== 'WRITE_OUTCOME_UNKNOWN') return problem;
  return new ApiError(problem.status, problem.code, problem.message, repeatAdvice(request).remedy);
}

function connectionError(error: unknown, request: Request, settings: FetchSettings): Error {
  const again = repeatAdvice(request);
  if (settings.interruption.aborted) {
    return new InterruptedError(
      'INTERRUPTED',
      `interrupted before the control plane answered${again.fact}`,
      again.remedy,
    );
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new TimedOutError(
      'TIMED_OUT',
      `the control plane at ${settings.url} did not answer within ${settings.timeoutSeconds} s${again.fact}`,
      again.remedy,
    );
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  if (NEVER_CONNECTED.has(reason)) {
    return new UnreachableError(
      'UNREACHABLE',
      `the control plane at ${settings.url} is not reachable (${reason})`,
      'run `npm start` in the clone, or give the right --url or GLOBALSTACKS_URL; then `gstacks whoami`',
    );
  }
  return new UnreachableError(
    'CONNECTION_LOST',
    `the connection to the control plane at ${settings.url} was lost (${reason})${again.fact}`,
    again.remedy,
  );
}

/** A write that got no answer may have been carried out; repeated with its key, it is carried out once. */
function repeatAdvice(request: Request): { readonly fact: string; readonly remedy: string } {
  const key = request.headers.get('idempotency-key');
  if (key === null) return { fact: '', remedy: 'run the command again, or `gstacks whoami` to see whether it answers' };
  return {
    fact: '; the change may have been made',
    remedy: `run the same gstacks command again with --idempotency-key ${key}: it is carried out once`,
  };
}
