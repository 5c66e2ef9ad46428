import { exchange, type HttpAnswer } from '#libs/program/http-exchange.js';
import type { Context } from '../context/context.js';
import { ApiError, InterruptedError, TimedOutError, UnreachableError } from '../errors/errors.js';
import { isJson, notControlPlane, parseObject, readProblem } from './read-problem.js';
import { tokenRemedy, unreachable } from './whereabouts.js';

export interface FetchSettings {
  readonly context: Context;
  readonly timeoutSeconds: number;
  /** Aborted by Ctrl-C. */
  readonly interruption: AbortSignal;
}

/**
 * A fetch that resolves only with complete 2xx JSON answers of the control plane. Everything else is thrown: ApiError,
 * UnreachableError, TimedOutError. Redirects are not followed, so the token goes to no other server.
 */
export function checkedFetch(settings: FetchSettings): typeof fetch {
  const { url } = settings.context;
  return async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const signal = AbortSignal.any([AbortSignal.timeout(settings.timeoutSeconds * 1000), settings.interruption]);
    let answer: HttpAnswer;
    try {
      answer = await send(request, signal);
    } catch (error) {
      throw connectionError(error, request, settings);
    }
    const { status, headers, body } = answer;
    const contentType = headers['content-type'] ?? '';
    if (status < 200 || status > 299) {
      throw inCommandWords(readProblem(status, contentType, body, url), request, settings);
    }
    if (body !== '' && (!isJson(contentType) || parseObject(body) === null)) {
      throw notControlPlane(url, 'an answer that is not a JSON object');
    }
    return new Response(body === '' ? null : body, { status, headers });
  };
}

async function send(request: Request, signal: AbortSignal): Promise<HttpAnswer> {
  const headers: Record<string, string> = {};
  request.headers.forEach((value, name) => {
    headers[name] = value;
  });
  return exchange(request.url, { method: request.method, headers, body: await request.text() }, signal);
}

/** Replaces headers in the API's messages by the flags that people type. */
function inCommandWords(problem: Error, request: Request, { context }: FetchSettings): Error {
  if (!(problem instanceof ApiError)) return problem;
  const inWords = (remedy: string) => new ApiError(problem.status, problem.code, problem.message, remedy);
  if (problem.code === 'WRITE_OUTCOME_UNKNOWN') return inWords(repeatAdvice(request).remedy);
  if (problem.code === 'UNAUTHENTICATED') return inWords(tokenRemedy(context));
  return problem;
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
      `the control plane at ${settings.context.url} did not answer within ${settings.timeoutSeconds} s${again.fact}`,
      again.remedy,
    );
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  const neverReached = unreachable(settings.context.url, reason);
  if (neverReached !== null) return neverReached;
  // Codes of Node's HTTP parser.
  if (reason.startsWith('HPE_')) return notControlPlane(settings.context.url, 'an answer that is not HTTP');
  return new UnreachableError(
    'CONNECTION_LOST',
    `the connection to the control plane at ${settings.context.url} was lost (${reason})${again.fact}`,
    again.remedy,
  );
}

/** A write without an answer may have been executed; repeated with its key, it is executed only once. */
function repeatAdvice(request: Request): { readonly fact: string; readonly remedy: string } {
  const key = request.headers.get('idempotency-key');
  if (key === null) return { fact: '', remedy: 'run the command again, or check whether it answers: gstacks whoami' };
  return {
    fact: '; the change may have been made',
    remedy: `run the same gstacks command again with --idempotency-key ${key}: it is carried out once`,
  };
}
