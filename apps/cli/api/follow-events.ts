import { type ServerSentEvent, ServerSentEvents } from '#libs/contracts/server-sent-events.js';
import type { Context } from '../context/context.js';
import { UnreachableError } from '../errors/errors.js';
import { isJson, notControlPlane, readProblem } from './read-problem.js';

/** Slightly more than two missed heartbeats. */
const SILENT_AFTER_MS = 12_000;

/**
 * The control plane's events as they come, until the signal is aborted. Errors: UnreachableError if the stream cannot
 * be opened, ends or falls silent; ApiError if it is refused.
 */
export async function* followEvents(context: Context, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENT_AFTER_MS);
  const lost = (reason: string) =>
    new UnreachableError(
      'CONNECTION_LOST',
      `the control plane at ${context.url} ${reason}`,
      'the command continues as soon as it answers; check with `gstacks whoami`',
    );
  try {
    const response = await fetch(`${context.url}/v1/events`, {
      headers: { authorization: `Bearer ${context.token}`, accept: 'text/event-stream' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    const contentType = response.headers.get('content-type') ?? '';
    if (!response.ok) throw readProblem(response.status, contentType, await response.text(), context.url);
    if (response.body === null || isJson(contentType)) throw notControlPlane(context.url, 'no stream of events');
    const events = new ServerSentEvents();
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      yield* events.push(text);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (silence.signal.aborted) throw lost('has stopped sending');
    if (error instanceof TypeError) throw lost('does not answer');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  throw lost('has ended the stream of events');
}
