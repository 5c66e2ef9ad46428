import { execFile } from 'node:child_process';
import { CodedError } from '#libs/contracts/errors.js';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 16 * 1_048_576;

/** `ip` failed; the message has its arguments and its answer. */
export class IpCommandError extends CodedError {
  constructor(
    readonly asked: string,
    readonly answer: string,
    remedy: string | null = null,
  ) {
    super('IP_COMMAND_FAILED', `ip ${asked}: ${answer}`, remedy);
  }
}

/** Runs iproute2's `ip` without a shell in this process's network namespace; resolves with its output. */
export function ip(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ip', [...args], { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(ipError(args, error, stderr));
    });
  });
}

/** As ip, but no error if the state exists already, or is gone already. */
export async function ipUnless(already: RegExp, ...args: readonly string[]): Promise<void> {
  try {
    await ip(...args);
  } catch (error) {
    if (!(error instanceof IpCommandError && already.test(error.answer))) throw error;
  }
}

/**
 * Runs many commands of `ip` in one process, each independently; resolves with the errors of those that failed, by
 * index.
 */
export function ipEach(commands: readonly string[]): Promise<ReadonlyMap<number, string>> {
  if (commands.length === 0) return Promise.resolve(new Map());
  return new Promise((resolve, reject) => {
    const args = ['-force', '-batch', '-'];
    const child = execFile('ip', args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, _out, stderr) => {
      const answers = [...stderr.matchAll(/(.*)\nCommand failed -:(\d+)/g)];
      if (error === null || answers.length > 0) {
        resolve(new Map(answers.map(([, answer = '', line]) => [Number(line) - 1, answer])));
      } else {
        reject(ipError(args, error, stderr));
      }
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(commands.map((command) => `${command}\n`).join(''));
  });
}

/** Runs commands of `ip` in one process, up to the first that fails. `where`: options of `ip`, such as a namespace. */
export function ipInOrder(where: readonly string[], commands: readonly string[]): Promise<void> {
  const args = [...where, '-batch', '-'];
  return new Promise((resolve, reject) => {
    const child = execFile('ip', args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, _out, stderr) => {
      if (error === null) resolve();
      else reject(ipError([...args, ...commands], error, stderr));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(commands.map((command) => `${command}\n`).join(''));
  });
}

export const ALREADY_THERE = /File exists/;
export const ALREADY_GONE = /No such file or directory|Cannot find device|No such process|does not exist/;

export type IpObject = { readonly [key: string]: unknown };

/** The objects that `ip -json` prints. */
export async function ipObjects(...args: readonly string[]): Promise<readonly IpObject[]> {
  return parseObjects(await ip('-json', ...args));
}

/** As ipObjects, for many commands in one process; a failed one has no objects. */
export function ipObjectsOfEach(commands: readonly string[]): Promise<readonly IpObject[]> {
  const args = ['-json', '-force', '-batch', '-'];
  return new Promise((resolve, reject) => {
    const child = execFile(
      'ip',
      args,
      { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null || /^Command failed -:\d+$/m.test(stderr)) resolve(stdout.split('\n').flatMap(parseObjects));
        else reject(ipError(args, error, stderr));
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(commands.map((command) => `${command}\n`).join(''));
  });
}

/** As ipObjects, in another process's network namespace. */
export function ipObjectsOf(pid: number, ...args: readonly string[]): Promise<readonly IpObject[]> {
  const asked = ['-json', ...args];
  return new Promise((resolve, reject) => {
    const inside = [`--net=/proc/${pid}/ns/net`, 'ip', ...asked];
    execFile('nsenter', inside, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(parseObjects(stdout));
      else reject(ipError(asked, error, stderr));
    });
  });
}

/** Without any object, ip prints nothing, or a list of empty objects. */
function parseObjects(output: string): readonly IpObject[] {
  const text = output.trim();
  const parsed: unknown = text === '' ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'object' && item !== null) : [];
}

/** Writes to a file in the /proc/sys of a namespace, which a process outside cannot see. */
export function writeInside(namespace: string, path: string, text: string): Promise<void> {
  return writeBy('ip', ['netns', 'exec', namespace, 'tee', path], text);
}

/** As writeInside, for another process's network namespace. */
export function writeInsideOf(pid: number, path: string, text: string): Promise<void> {
  return writeBy('nsenter', [`--net=/proc/${pid}/ns/net`, 'tee', path], text);
}

function writeBy(command: string, args: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], { timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(ipError(args, error, stderr));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(text);
  });
}

/** Runs a command without a shell until the signal is aborted; resolves with its output. */
export function runTool(command: readonly string[], signal: AbortSignal): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}

function ipError(args: readonly string[], error: Error, stderr: string): IpCommandError {
  const asked = args.join(' ');
  if ('code' in error && error.code === 'ENOENT') {
    return new IpCommandError(asked, 'the command ip is not installed', 'install iproute2, or use the driver static');
  }
  const answer = stderr.trim() || error.message;
  const denied = /Operation not permitted|Permission denied/.test(answer);
  return new IpCommandError(
    asked,
    answer,
    denied ? 'run the agent as root (CAP_NET_ADMIN and CAP_SYS_ADMIN), or use the driver static' : null,
  );
}
