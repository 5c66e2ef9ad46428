import { runsInClone } from '#libs/program/installation.js';
import { ApiError, UnreachableError } from '../errors/errors.js';

const CODES_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  412: 'VERSION_CONFLICT',
  429: 'TOO_MANY_REQUESTS',
  503: 'UNAVAILABLE',
  504: 'TIMED_OUT',
};

/**
 * The error for an answer outside 2xx (RFC 9457). If it is no problem document, it did not come from the control plane.
 */
export function readProblem(status: number, contentType: string, body: string, url: string): Error {
  const problem = isJson(contentType) ? parseObject(body) : null;
  if (problem === null) return notControlPlane(url, `status ${status} without a problem document`);
  const { code, detail, title, remedy, field } = problem;
  const message = [detail, title].find((text) => typeof text === 'string' && text !== '');
  return new ApiError(
    status,
    typeof code === 'string' && code !== '' ? code : (CODES_OF_STATUS[status] ?? `HTTP_${status}`),
    typeof message === 'string' ? message : `the control plane answered with status ${status}`,
    typeof remedy === 'string' && remedy !== '' ? remedy : null,
    typeof field === 'string' ? field : null,
  );
}

export function isJson(contentType: string): boolean {
  return /^application\/([a-z0-9.+-]+\+)?json\b/i.test(contentType);
}

export function notControlPlane(url: string, found: string): UnreachableError {
  return new UnreachableError(
    'NOT_A_CONTROL_PLANE',
    `${url} answers, but is not a GlobalStacks control plane: ${found}`,
    runsInClone() ? 'give the right --url, or `npm start`' : 'give the right --url',
  );
}

/** The object in a JSON text; null: it is not JSON, or no object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
