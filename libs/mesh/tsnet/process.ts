import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CodedError } from '#libs/contracts/errors.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import { inheritedVariables } from '#libs/program/inherited-variables.js';
import { LastWords } from './last-words.js';
import { MeshNodeMissingError } from './mesh-node-program.js';
import { MAX_EVENT_BYTES, type MeshNodeCommand, type MeshNodeEvent, parseMeshNodeEvent } from './protocol.js';

/** Variables that mesh-node gets from this process's environment: trusted authorities and limits, never secrets. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GOMEMLIMIT',
  'GODEBUG',
  'GLOBALSTACKS_MESH_NODE_LOG_DIR',
];
const GRACE_MS = 5_000;

/** mesh-node ended without a reason. */
export class MeshNodeEndedError extends CodedError {}

/** The reason that mesh-node gave before it ended. */
export class MeshNodeFailedError extends CodedError {}

/** One mesh-node process, from start to end. Keys are passed over its standard input only. */
export class MeshNodeProcess {
  /** Resolves when it has ended, with the reason; null: it was stopped. Never rejects. */
  readonly ended: Promise<CodedError | null>;
  private readonly child: ChildProcess;
  private stopping = false;
  private failure: CodedError | null = null;
  private readonly lastWords = new LastWords();

  constructor(
    private readonly binary: string,
    private readonly onEvent: (event: MeshNodeEvent) => void,
  ) {
    this.child = spawn(binary, [], {
      cwd: '/',
      env: inheritedVariables(INHERITED),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => undefined); // its end follows, and says more
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on('line', (line) => this.line(line));
    }
    if (this.child.stderr !== null) {
      createInterface({ input: this.child.stderr }).on('line', (line) => this.lastWords.add(line));
    }
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(this.startFailed(error)));
      this.child.once('close', (code, signal) => resolve(this.endedBy(signal ?? `exit code ${code}`)));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  send(command: MeshNodeCommand): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Closes its input, upon which it leaves the mesh and ends; kills it if that takes too long. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.child.stdin?.end();
    const killer = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
    await this.ended;
    clearTimeout(killer);
  }

  /** Stops it, with this reason for `ended`. */
  fail(failure: CodedError): void {
    this.failure ??= failure;
    void this.stop();
  }

  private line(line: string): void {
    try {
      if (line.length > MAX_EVENT_BYTES)
        throw new CodedError('MESH_NODE_FAILED', 'mesh-node wrote a line that is too long');
      const event = parseMeshNodeEvent(line);
      if (event?.event === 'failed') this.failure ??= new MeshNodeFailedError(event.code, event.message);
      else if (event !== null) this.onEvent(event);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.fail(error);
    }
  }

  private endedBy(how: string): CodedError | null {
    if (this.failure !== null) return this.failure;
    if (this.stopping) return null;
    const words = this.lastWords.text;
    return new MeshNodeEndedError(
      'MESH_NODE_ENDED',
      `mesh-node ended (${how})${words === '' ? '' : `: ${words}`}`,
      meshRemedy('MESH_NODE_ENDED'),
    );
  }

  private startFailed(error: Error): CodedError {
    const reason = 'code' in error ? String(error.code) : error.message;
    return new MeshNodeMissingError(`mesh-node cannot be started from ${this.binary}: ${reason}`);
  }
}
