import type { Context } from '../context/context.js';
import { UnreachableError } from '../errors/errors.js';
import { notControlPlane, readProblem } from './read-problem.js';

/**
 * The bytes of an answer as they come. Errors: ApiError when it is refused, UnreachableError when there is no answer or
 * its connection breaks off, the signal's reason.
 */
export async function* download(
  context: Context,
  path: string,
  contentType: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    const response = await fetch(`${context.url}${path}`, {
      headers: { authorization: `Bearer ${context.token}`, accept: contentType },
      redirect: 'manual',
      signal,
    });
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok) throw readProblem(response.status, type, await response.text(), context.url);
    if (response.body === null || !type.startsWith(contentType))
      throw notControlPlane(context.url, `no ${contentType}`);
    yield* response.body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof TypeError)) throw error;
    throw new UnreachableError(
      'CONNECTION_LOST',
      `the connection to the control plane at ${context.url} was lost before its answer was whole`,
      'run the command again, or check whether it answers: gstacks whoami',
    );
  }
}
