/**
 * An error that a person or a program may act on: a stable code, a message in the user's words and, if one is known,
 * the next step to take.
 */
export class CodedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly remedy: string | null = null,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The control plane refused over HTTP, with its code and remedy (RFC 9457). */
export class HttpRefusalError extends CodedError {
  constructor(
    readonly status: number,
    code: string,
    message: string,
    remedy: string | null,
  ) {
    super(code, message, remedy);
  }
}

/** Invalid input: names the field, what was found, and what is accepted. */
export class InvalidInputError extends CodedError {
  constructor(
    readonly field: string,
    found: unknown,
    accepted: string,
    code = 'INVALID_INPUT',
    remedy: string | null = null,
  ) {
    super(
      code,
      found === undefined
        ? `${field} is missing; expected ${accepted}`
        : `${field}: ${quote(found)} is not valid; expected ${accepted}`,
      remedy ?? `give ${field} as ${accepted}`,
    );
  }
}

const QUOTED_LENGTH = 80;

function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);
}
