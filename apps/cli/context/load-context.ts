import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { CliEnvironment } from '../environment.js';
import { ContextError } from '../errors/errors.js';
import { type Context, chooseContext, contextPaths, type SavedContext } from './context.js';
import { parseSavedContext, parseToken, parseUrl } from './parse-context.js';
import { readStandardInput } from './standard-input.js';

/** The context that this command line, environment and machine give. Errors: ContextError, InvalidInputError. */
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
  const saved: SavedContext[] = [];
  for (const path of isComplete ? [] : contextPaths(environment, cloneRoot, homedir())) {
    const context = await readContextFile(path);
    if (context === null) continue;
    saved.push(context);
    if (url === undefined) break;
  }
  return chooseContext(input, saved);
}

/** What a file of contexts holds, null when it is not there. Errors: ContextError. */
export async function readContextFile(path: string): Promise<SavedContext | null> {
  const text = await readIfThere(path);
  return text === null ? null : parseSavedContext(text, path);
}

/** A token from a file, or from standard input as `-`. */
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
      `check who owns ${path}, then \`gstacks login\``,
    );
  }
}
