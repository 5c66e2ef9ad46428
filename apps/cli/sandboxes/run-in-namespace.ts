import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { SandboxDto } from '#libs/api-client/generated/index.js';
import { RefusedHereError } from '../errors/errors.js';
import { shellLine } from '../shell-line.js';

/** The folder of iproute2's named namespaces. */
const NAMESPACES = '/run/netns';
const NAMESPACE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/**
 * Replaces itself with the command, and exits as a shell does if that fails: 127 if it does not exist, 126 if it cannot
 * be executed.
 */
const AS_A_SHELL = ['/bin/sh', '-c', 'exec "$@"', 'sh'];
/** The terminal signals the child too; this process only waits for it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The namespace in which commands can run; throws RefusedHereError with the reason. */
export function namespaceOf(
  sandbox: Pick<SandboxDto, 'id' | 'agentId' | 'driver' | 'namespace'>,
  command: readonly string[],
): string {
  const { id, namespace } = sandbox;
  if (namespace === null) {
    const driver = sandbox.driver ?? 'unknown';
    throw new RefusedHereError(
      'EXEC_UNSUPPORTED',
      `${id} has no namespace to run a command in: its driver is ${driver}` +
        (driver === 'static' ? ', which only knows the address of a process' : ''),
      driver === 'static'
        ? 'run the command on the host itself, bound to the address of the sandbox, or `npm start -- --sandboxes netns`'
        : `gstacks sandbox show ${id}`,
    );
  }
  if (!NAMESPACE_NAME.test(namespace) || !existsSync(`${NAMESPACES}/${namespace}`)) {
    throw new RefusedHereError(
      'NAMESPACE_NOT_HERE',
      `the namespace of ${id} is not on this machine; it belongs to ${sandbox.agentId ?? 'no agent'}`,
      `run this on the host of ${sandbox.agentId ?? 'its agent'}: gstacks sandbox exec ${id} -- ${shellLine(command)}`,
    );
  }
  return namespace;
}

/** Runs a command in a namespace on this terminal; resolves with its exit code, or 128 + n after signal n. */
export async function runInNamespace(namespace: string, command: readonly string[]): Promise<number> {
  const child = spawn('ip', ['netns', 'exec', namespace, ...AS_A_SHELL, ...command], { stdio: 'inherit' });
  const forward = SIGNALS.map((signal) => [signal, () => signal !== 'SIGINT' && child.kill(signal)] as const);
  for (const [signal, handle] of forward) process.on(signal, handle);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(cannotRun(namespace, command, error)));
      child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
    });
  } finally {
    for (const [signal, handle] of forward) process.off(signal, handle);
  }
}

function cannotRun(namespace: string, command: readonly string[], error: NodeJS.ErrnoException): RefusedHereError {
  return new RefusedHereError(
    'EXEC_FAILED',
    `ip netns exec failed to start (${error.code ?? error.message})`,
    `install iproute2 and run as root: sudo ip netns exec ${namespace} ${shellLine(command)}`,
  );
}
