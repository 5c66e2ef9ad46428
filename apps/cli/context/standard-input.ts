import { ContextError } from '../errors/errors.js';

const MAX_TOKEN_INPUT_BYTES = 64 * 1024;

/** All of standard input, up to a limit. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_TOKEN_INPUT_BYTES) {
      throw new ContextError(
        'INVALID_INPUT',
        'standard input is far too long for a token',
        'pipe the token alone: gstacks login --url <url> < token-file',
      );
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks on the terminal for the token of this control plane, without echo. */
export async function promptSecret(question: string, url: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  const interrupted = new AbortController();
  prompt.on('SIGINT', () => interrupted.abort());
  try {
    return await prompt.question('', { signal: interrupted.signal });
  } catch {
    throw new ContextError(
      'INTERRUPTED',
      'no token was given',
      `pipe the token: gstacks login --url ${url} < token-file`,
    );
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}
