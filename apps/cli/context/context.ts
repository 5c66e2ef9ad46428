import { join } from 'node:path';
import { runsInClone } from '#libs/program/installation.js';
import type { CliEnvironment } from '../environment.js';
import { ContextError } from '../errors/errors.js';

/** The control plane, and the token for it. */
export interface Context {
  readonly url: string;
  readonly token: string;
  /** Where the url is from, for error messages. */
  readonly origin: string;
  /** The name of the saved context that was used; null: none, or the stack's. */
  readonly name: string | null;
  /** Where the token is from: a flag, a variable, standard input or a file's path. */
  readonly tokenOrigin: string;
}

/** A context in a file. */
export interface SavedContext {
  /** The name from `login`; null: the stack on this machine. */
  readonly name: string | null;
  readonly url: string;
  readonly token: string;
  readonly path: string;
}

/** What the command line and the environment contain; each part may be missing. */
export interface ContextInput {
  readonly flagUrl?: string | undefined;
  readonly flagToken?: string | undefined;
  readonly environmentUrl?: string | undefined;
  readonly environmentToken?: string | undefined;
}

function ways(): string {
  const start = runsInClone() ? 'run `npm start` in the clone, or ' : '';
  return `${start}\`gstacks login --url <url>\`, or set GLOBALSTACKS_URL and GLOBALSTACKS_TOKEN`;
}

/** The context file of the stack on this machine, in its home folder. */
export function stackPath(environment: CliEnvironment, cloneRoot: string): string {
  return join(environment.home ?? join(cloneRoot, '.gstacks'), 'context.json');
}

/** The file in which `gstacks login` keeps contexts (XDG Base Directory Specification). */
export function loginPath(environment: CliEnvironment, userHome: string): string {
  return join(environment.configFolder ?? join(userHome, '.config'), 'gstacks', 'config.json');
}

/**
 * Flags take precedence over the environment, and that over the first saved context. A saved token is sent only to its
 * own url. Throws ContextError.
 */
export function chooseContext(input: ContextInput, saved: readonly SavedContext[]): Context {
  const url = input.flagUrl ?? input.environmentUrl;
  const urlOrigin = input.flagUrl === undefined ? 'GLOBALSTACKS_URL' : '--url';
  const token = input.flagToken ?? input.environmentToken;
  const tokenOrigin = input.flagToken === undefined ? 'GLOBALSTACKS_TOKEN' : '--token-file';
  if (url !== undefined && token !== undefined) return { url, token, origin: urlOrigin, tokenOrigin, name: null };
  if (url !== undefined) {
    const known = saved.find((context) => context.url === url);
    if (known !== undefined) {
      return { url, token: known.token, origin: urlOrigin, tokenOrigin: known.path, name: known.name };
    }
    throw new ContextError(
      'TOKEN_MISSING',
      `no token is known for ${url}`,
      `give --token-file <file> or GLOBALSTACKS_TOKEN, or run \`gstacks login --url ${url}\``,
    );
  }
  const [first] = saved;
  if (first === undefined) throw new ContextError('CONTEXT_MISSING', 'no control plane is configured', ways());
  return {
    ...{ url: first.url, origin: first.path, name: first.name },
    ...(token === undefined ? { token: first.token, tokenOrigin: first.path } : { token, tokenOrigin }),
  };
}
