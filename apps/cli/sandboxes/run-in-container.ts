import type { SandboxDto } from '#libs/api-client/generated/index.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { EngineRefusedError, EngineUnavailableError } from '#libs/docker-engine/errors.js';
import { type RunningExec, startExec } from '#libs/docker-engine/exec.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { RefusedHereError } from '../errors/errors.js';
import { shellLine } from '../shell-line.js';

/** The Engine starts the command, so signals have to be passed on to it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

type InContainer = Pick<SandboxDto, 'id' | 'agentId'> & { readonly container: NonNullable<SandboxDto['container']> };

/** Runs a command in the sandbox's container on this terminal; resolves with its exit code. */
export async function runInContainer(sandbox: InContainer, command: readonly string[]): Promise<number> {
  const engine = new DockerEngine(parseSocketPath(sandbox.container.engineSocket, 'engineSocket'));
  const exec = await started(engine, sandbox, command);
  const forward = SIGNALS.map((signal) => [signal, () => void pass(exec, signal)] as const);
  for (const [signal, handle] of forward) process.on(signal, handle);
  try {
    return await exec.ended;
  } finally {
    for (const [signal, handle] of forward) process.off(signal, handle);
  }
}

async function started(engine: DockerEngine, sandbox: InContainer, command: readonly string[]): Promise<RunningExec> {
  const { id, agentId, container } = sandbox;
  const host = agentId ?? 'its agent';
  try {
    return await startExec(engine, container.id, command, process);
  } catch (error) {
    if (error instanceof EngineUnavailableError && error.code === 'DOCKER_ENGINE_NOT_RUNNING') {
      throw new RefusedHereError(
        error.code,
        `the container of ${id} belongs to ${host}; on this machine ${error.message}`,
        `start dockerd if this is the host of ${host}, or run this there: gstacks sandbox exec ${id} -- ${shellLine(command)}`,
      );
    }
    if (error instanceof EngineRefusedError && error.status === 404) {
      throw new RefusedHereError(
        'CONTAINER_NOT_HERE',
        `the container of ${id} is not on this machine; it belongs to ${host}`,
        `run this on the host of ${host}: gstacks sandbox exec ${id} -- ${shellLine(command)}`,
      );
    }
    if (error instanceof EngineUnavailableError) throw new RefusedHereError(error.code, error.message, error.remedy);
    if (!(error instanceof EngineRefusedError)) throw error;
    throw new RefusedHereError('EXEC_FAILED', error.message, `gstacks sandbox show ${id}`);
  }
}

/** No error for a command that has ended, or that runs as another user. */
async function pass(exec: RunningExec, signal: NodeJS.Signals): Promise<void> {
  try {
    const pid = await exec.pid();
    if (pid > 0) process.kill(pid, signal);
  } catch {
    process.exit(1);
  }
}
