import { CodedError, HttpRefusalError } from '#libs/contracts/errors.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import { certificateFault } from '#libs/program/certificate-fault.js';
import { exchange } from '#libs/program/http-exchange.js';

/** The control plane, or something it depends on, does not answer: try again. */
export class ControlPlaneUnreachableError extends CodedError {}

/** The control plane refused, with its code and remedy. Repeating the request changes nothing. */
export class ControlPlaneRefusedError extends HttpRefusalError {}

export interface ControlPlaneAddress {
  readonly url: URL;
  /** Code and remedy of the error if there is no usable answer. */
  readonly unreachable: { readonly code: string; readonly remedy: string };
}

/** The request, with a user's token if the route needs one. */
export interface ControlPlaneRequest {
  readonly path: string;
  readonly body: object | null;
  readonly token?: string;
}

const ANSWER_WITHIN_MS = 10_000;

/**
 * Sends one request to the control plane's HTTP API; resolves with the object that it answers. Errors:
 * ControlPlaneUnreachableError, ControlPlaneRefusedError, InvalidInputError, the signal's reason. None quotes the
 * request.
 */
export async function postToControlPlane(
  { url: base, unreachable }: ControlPlaneAddress,
  { path, body, token }: ControlPlaneRequest,
  signal?: AbortSignal,
): Promise<{ readonly [key: string]: unknown }> {
  const url = `${base.href.replace(/\/$/, '')}/${path}`;
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  let status: number;
  let answer: unknown;
  try {
    const exchanged = await exchange(
      url,
      {
        method: 'POST',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        },
        body: body === null ? '' : JSON.stringify(body),
      },
      signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    );
    ({ status } = exchanged);
    if (status >= 300 && status < 400) throw new Error('it redirects to another address, which is not followed');
    answer = JSON.parse(exchanged.body);
  } catch (error) {
    signal?.throwIfAborted();
    const code = codeOf(error);
    const fault = certificateFault(base.origin, code);
    if (fault !== null) throw new ControlPlaneUnreachableError(fault.code, fault.message, fault.remedy);
    // The error of a host with several addresses, none of which accepts a connection, has no message.
    const why = error instanceof Error ? error.message || code : String(error);
    const message = `the control plane at ${base.origin} gave no usable answer: ${why}`;
    throw new ControlPlaneUnreachableError(unreachable.code, message, unreachable.remedy);
  }
  const fields = parseObject(answer, 'answer');
  if (status >= 200 && status < 300) return fields;
  throw refusalOf(status, fields);
}

/** Node's code of a failed connection; empty: it has none. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The error for a problem document (RFC 9457). */
function refusalOf(status: number, problem: { readonly [key: string]: unknown }): CodedError {
  const said = (name: string): string | null => (typeof problem[name] === 'string' ? problem[name] : null);
  const code = said('code') ?? `HTTP_${status}`;
  const message = said('detail') ?? `the control plane answered with status ${status}`;
  const isFinal = status >= 400 && status < 500 && status !== 429;
  if (isFinal) return new ControlPlaneRefusedError(status, code, message, said('remedy'));
  return new ControlPlaneUnreachableError(code, message, said('remedy'));
}
