import { CodedError } from '#libs/contracts/errors.js';

/** The Engine cannot be used: not running, not permitted, too old, or the connection broke. */
export class EngineUnavailableError extends CodedError {}

/** The Engine answered a request with an error. */
export class EngineRefusedError extends CodedError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super('DOCKER_ENGINE_REFUSED', message);
  }
}

/** The error for a failed connection to the socket, with what the operator can do about it. */
export function unavailable(socketPath: string, error: unknown): EngineUnavailableError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTSOCK' || code === 'ECONNREFUSED') {
    const seen = code === 'ECONNREFUSED' ? 'nothing listens on it' : 'there is no such socket';
    return new EngineUnavailableError(
      'DOCKER_ENGINE_NOT_RUNNING',
      `no Docker Engine answers at ${socketPath}: ${seen}`,
      'start dockerd, or set GLOBALSTACKS_AGENT_DOCKER_SOCKET to the path of its socket',
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new EngineUnavailableError(
      'DOCKER_SOCKET_FORBIDDEN',
      `this process has no permission to open ${socketPath}`,
      'run it as root or as a member of the group docker',
    );
  }
  return new EngineUnavailableError(
    'DOCKER_ENGINE_SILENT',
    `the connection to the Docker Engine at ${socketPath} was lost: ` +
      `${error instanceof Error ? error.message : String(error)}`,
    "read dockerd's log",
  );
}
