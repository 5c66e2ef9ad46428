import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { EngineRefusedError, unavailable } from './errors.js';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, with the API version. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, such as a tar archive. */
  readonly stream?: NodeJS.ReadableStream;
  readonly signal: AbortSignal;
}

/** Larger than any answer of the Engine that this project reads. */
const MOST_BYTES = 64 * 1_048_576;

/**
 * Sends one request and resolves with the response once its headers are there; the caller reads its body. Each request
 * has its own connection, so none uses a connection that a restarted Engine has closed. Errors: EngineUnavailableError,
 * EngineRefusedError.
 */
export async function open(socketPath: string, asked: EngineRequest): Promise<IncomingMessage> {
  const { method, path, body, stream, signal } = asked;
  const text = body === undefined ? null : JSON.stringify(body);
  const headers =
    text !== null
      ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
      : stream === undefined
        ? {}
        : { 'content-type': 'application/x-tar' };
  const outgoing = request({ socketPath, method, path, headers, agent: false, signal });
  const answered = once(outgoing, 'response');
  // Once the answer has begun, a failure is an error of the answer.
  outgoing.on('error', () => {});
  if (stream === undefined) outgoing.end(text ?? undefined);
  else stream.pipe(outgoing);
  let response: IncomingMessage;
  try {
    [response] = (await answered) as [IncomingMessage];
  } catch (error) {
    throw unavailable(socketPath, error);
  }
  const { statusCode = 0 } = response;
  if (statusCode < 400) return response;
  throw new EngineRefusedError(statusCode, messageOf(await bodyOf(socketPath, response), statusCode));
}

/** The whole body as text. Errors: EngineUnavailableError. */
export async function bodyOf(socketPath: string, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES} bytes`);
    }
  } catch (error) {
    throw unavailable(socketPath, error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function messageOf(body: string, status: number): string {
  try {
    const { message } = JSON.parse(body) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: shown as it is.
  }
  return body.trim() === '' ? `status ${status}` : body.trim().slice(0, 500);
}
