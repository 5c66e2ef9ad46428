import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { parseObject } from '#libs/contracts/json-fields.js';
import type { DockerEngine } from './engine.js';
import { EngineRefusedError, unavailable } from './errors.js';
import { splitOutput } from './output-frames.js';

/** Input and output for a command inside a container: those of this process, in the command line. */
export interface ExecTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export interface RunningExec {
  /** The command's process id in the Engine's pid namespace; 0 once it has ended. */
  pid(): Promise<number>;
  /** Resolves with its exit code when it has ended and its output was written. */
  readonly ended: Promise<number>;
}

const ENDED_POLL_MS = 20;
/** Engines before 25 exit with 126 also if the command does not exist, where a shell exits with 127. */
const NOT_THERE = /^OCI runtime exec failed: .*(executable file not found|no such file or directory)/s;

/**
 * Starts a command in a running container and connects it to these streams. If both are a terminal, the command gets a
 * terminal. Errors: EngineUnavailableError, EngineRefusedError.
 */
export async function startExec(
  engine: DockerEngine,
  containerId: string,
  command: readonly string[],
  terminal: ExecTerminal,
): Promise<RunningExec> {
  const { stdin, stdout } = terminal;
  const hasTerminal = stdin.isTTY === true && stdout.isTTY === true;
  const created = await engine.json('POST', `/containers/${encodeURIComponent(containerId)}/exec`, {
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: hasTerminal,
    Cmd: command,
  });
  const id = String(parseObject(created, 'exec').Id);
  const socket = await attach(engine, id, hasTerminal);
  const inspect = async () => parseObject(await engine.json('GET', `/exec/${id}/json`), 'exec');
  return {
    pid: async () => Number((await inspect()).Pid) || 0,
    ended: carry(
      socket,
      terminal,
      hasTerminal ? (size) => engine.json('POST', `/exec/${id}/resize?${size}`) : null,
    ).then(async (last) => {
      // The output may end before the Engine has recorded the exit code.
      for (;;) {
        const { Running, ExitCode } = await inspect();
        if (Running !== true)
          return Number(ExitCode ?? 1) === 126 && NOT_THERE.test(last) ? 127 : Number(ExitCode ?? 1);
        await pause(ENDED_POLL_MS);
      }
    }),
  };
}

/** The connection that the Engine uses for the command's input and output. */
async function attach(engine: DockerEngine, id: string, hasTerminal: boolean): Promise<Socket> {
  const body = JSON.stringify({ Detach: false, Tty: hasTerminal });
  const outgoing = request({
    socketPath: engine.socketPath,
    method: 'POST',
    path: await engine.pathOf(`/exec/${id}/start`),
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      connection: 'Upgrade',
      upgrade: 'tcp',
    },
  });
  const refused = once(outgoing, 'response').then(async ([response]) => {
    const text = Buffer.concat(await response.toArray()).toString('utf8');
    throw new EngineRefusedError(response.statusCode, text.trim().slice(0, 500));
  });
  const upgraded = once(outgoing, 'upgrade').then((answer) => {
    const [, socket, head] = answer as [unknown, Socket, Buffer];
    if (head.length > 0) socket.unshift(head);
    return socket;
  });
  refused.catch(() => {});
  outgoing.end(body);
  try {
    return await Promise.race([upgraded, refused]);
  } catch (error) {
    throw error instanceof EngineRefusedError ? error : unavailable(engine.socketPath, error);
  }
}

/** Passes the command's output on; resolves after its last piece. */
async function carry(
  socket: Socket,
  { stdin, stdout, stderr }: ExecTerminal,
  resize: ((size: string) => Promise<unknown>) | null,
): Promise<string> {
  let last = '';
  socket.on('error', () => {});
  stdin.pipe(socket);
  const follow = resize === null ? null : () => void resize(sizeOf(stdout as WriteStream)).catch(() => {});
  if (follow !== null) {
    (stdin as ReadStream).setRawMode(true);
    stdout.on('resize', follow);
    follow();
  }
  try {
    const frames = resize === null ? splitOutput(socket) : rawOutput(socket);
    for await (const { isError, bytes } of frames) {
      const to = isError ? stderr : stdout;
      if (!to.write(bytes)) await once(to, 'drain');
      last = bytes.toString('latin1');
    }
    return last;
  } finally {
    if (follow !== null) {
      stdout.off('resize', follow);
      (stdin as ReadStream).setRawMode(false);
    }
    stdin.unpipe(socket);
    stdin.pause();
    socket.destroy();
  }
}

function sizeOf({ rows, columns }: WriteStream): string {
  return `h=${rows}&w=${columns}`;
}

async function* rawOutput(chunks: AsyncIterable<Buffer>) {
  for await (const bytes of chunks) yield { isError: false, bytes };
}
