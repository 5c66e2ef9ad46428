import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { CliEnvironment } from '../environment.js';
import { ContextError } from '../errors/errors.js';
import { type Context, chooseContext, loginPath, type SavedContext, stackPath } from './context.js';
import { parseSavedContexts, parseStackContext, parseToken, parseUrl } from './parse-context.js';
import { inOrder, type SavedContexts } from './saved-contexts.js';
import { readStandardInput } from './standard-input.js';

/** The context for this command line, environment and machine. Errors: ContextError, InvalidInputError. */
export async function loadContext(
  flags: { readonly url?: string | undefined; readonly 'token-file'?: string | undefined },
  environment: CliEnvironment,
  cloneRoot: string,
): Promise<Context> {
  const tokenFile = flags['token-file'];
  const input = {
    flagUrl: flags.url === undefined ? undefined : parseUrl(flags.url, '--url'),
    flagToken: tokenFile === undefined ? undefined : await readTokenFile(tokenFile),
    environmentUrl: given(environment.url, parseUrl, 'GLOBALSTACKS_URL'),
    environmentToken: given(environment.token, parseToken, 'GLOBALSTACKS_TOKEN'),
  };
  const url = input.flagUrl ?? input.environmentUrl;
  const isComplete = url !== undefined && (input.flagToken ?? input.environmentToken) !== undefined;
  return chooseContext(input, isComplete ? [] : await readAllContexts(environment, cloneRoot));
}

/** Every context of this machine and user, in order of preference. Errors: ContextError, InvalidInputError. */
export async function readAllContexts(
  environment: CliEnvironment,
  cloneRoot: string,
): Promise<readonly SavedContext[]> {
  const stack = await readStackContext(environment, cloneRoot);
  const path = loginPath(environment, homedir());
  return inOrder(stack, await readSavedContexts(path), path, environment.home !== undefined);
}

/** The context of the stack on this machine; null: there is none. Errors: ContextError, InvalidInputError. */
export async function readStackContext(environment: CliEnvironment, cloneRoot: string): Promise<SavedContext | null> {
  const path = stackPath(environment, cloneRoot);
  const text = await readIfThere(path);
  return text === null ? null : parseStackContext(text, path);
}

/** The contexts that `login` saved. Errors: ContextError, InvalidInputError. */
export async function readSavedContexts(path: string): Promise<SavedContexts> {
  const text = await readIfThere(path);
  return text === null ? { current: null, contexts: [] } : parseSavedContexts(text, path);
}

/** A token from a file, or from standard input for `-`. */
export async function readTokenFile(path: string): Promise<string> {
  if (path === '-') return parseToken(await readStandardInput(), 'standard input');
  const text = await readIfThere(path);
  if (text === null) {
    throw new ContextError(
      'TOKEN_FILE_MISSING',
      `there is no file ${path}`,
      'give --token-file a file that exists, or -',
    );
  }
  return parseToken(text, path);
}

function given(text: string | undefined, parse: (text: string, field: string) => string, field: string) {
  return text === undefined || text === '' ? undefined : parse(text, field);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return null;
    throw new ContextError(
      'FILE_UNREADABLE',
      `${path} cannot be read (${reason})`,
      `check who owns ${path}, then gstacks login --url <url>`,
    );
  }
}
