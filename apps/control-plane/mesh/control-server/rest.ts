import { parseObject } from '#libs/contracts/json-fields.js';
import type { Secret } from '../../foundation/secret.js';
import {
  MeshApiRefusedError,
  MeshApiTimedOutError,
  MeshApiUnauthorisedError,
  MeshApiUnreachableError,
  MeshApiUnreadableError,
} from './errors.js';

export interface RestSettings {
  readonly baseUrl: URL;
  readonly token: Secret;
  readonly timeoutMs: number;
  /** Longer answers are not read to their end. */
  readonly maxBytes: number;
  /** Aborts requests in progress. */
  readonly signal: AbortSignal;
}

export type JsonObject = { readonly [key: string]: unknown };

const REASON_LENGTH = 200;

/** JSON over HTTP with a bearer token. Each answer is limited in time and size; errors are those of errors.ts. */
export class RestClient {
  constructor(private readonly settings: RestSettings) {}

  get origin(): string {
    return this.settings.baseUrl.origin;
  }

  /** The object in a 2xx answer. `path` is relative to the base URL, without a leading slash. */
  async call(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    const { status, text } = await this.exchange(method, path, body);
    if (status === 401 || status === 403) throw new MeshApiUnauthorisedError(this.origin);
    if (status < 200 || status > 299) throw new MeshApiRefusedError(this.origin, status, this.reasonOf(text));
    return this.objectIn(text);
  }

  /** The error for an answer without a required field. */
  unreadable(found: string): MeshApiUnreadableError {
    return new MeshApiUnreadableError(this.origin, found);
  }

  private async exchange(method: string, path: string, body?: JsonObject): Promise<{ status: number; text: string }> {
    const { baseUrl, token, timeoutMs, signal } = this.settings;
    const base = baseUrl.pathname.endsWith('/') ? baseUrl.href : `${baseUrl.origin}${baseUrl.pathname}/`;
    try {
      const response = await fetch(new URL(path, base), {
        method,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The token must not be sent to another server.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { status: response.status, text: await this.bounded(response) };
    } catch (error) {
      if (error instanceof MeshApiUnreadableError) throw error;
      if (error instanceof DOMException && error.name === 'TimeoutError') {
        throw new MeshApiTimedOutError(this.origin, timeoutMs);
      }
      throw new MeshApiUnreachableError(this.origin, causeOf(error));
    }
  }

  private async bounded(response: Response): Promise<string> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > this.settings.maxBytes) throw this.unreadable(`more than ${this.settings.maxBytes} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  private objectIn(text: string): JsonObject {
    // Tailscale answers some writes with nothing, or null.
    if (text === '' || text.trim() === 'null') return {};
    try {
      return parseObject(JSON.parse(text), 'answer');
    } catch {
      throw this.unreadable('it is not a JSON object');
    }
  }

  /** The server's reason, shortened, and without the token if it repeats that. */
  private reasonOf(text: string): string {
    let reason = text;
    try {
      const { message } = parseObject(JSON.parse(text), 'answer');
      if (typeof message === 'string') reason = message;
    } catch {
      // Not JSON: the plain text is the reason.
    }
    const token = this.settings.token.reveal();
    const printable = reason.replaceAll(token, '(hidden)').replace(/[^\x20-\x7e]+/g, ' ');
    return printable.trim().slice(0, REASON_LENGTH) || 'no reason given';
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message ?? 'no connection';
}
