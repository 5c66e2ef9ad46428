import { existsSync } from 'node:fs';
import { Turns } from '#libs/async/turns.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { DockerEngine } from '#libs/docker-engine/engine.js';
import type { EngineEvent } from '#libs/docker-engine/engine-event.js';
import type { EngineContainers } from './engine-containers.js';
import { watchEngine } from './engine-watch.js';

/** Events that change what a container is to the agent. */
const CHANGES: ReadonlySet<string> = new Set(['start', 'die', 'pause', 'unpause', 'rename', 'destroy']);
/** How often failed work is repeated, and containers are checked while the Engine is away. */
const RETRY_MS = 1_000;

export interface EngineFollowerPorts {
  /** Makes the agent's network at the Engine if it is missing. Errors: those of the Engine. */
  readonly ensureNetwork: () => Promise<void>;
  /** Brings the host to the containers as last read. If it rejects, the error is reported and it is tried again. */
  readonly settle: () => Promise<void>;
  /** Called when `fault` changed. */
  readonly faultChanged: () => void;
  /** Called with each fault once, as long as the next one is the same. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the knowledge of the Engine's containers up to date, one change at a time: by events while the Engine answers,
 * and by the containers' processes while it does not.
 */
export class EngineFollower {
  private readonly ending = new AbortController();
  private readonly turns = new Turns();
  /** Ids of containers to be read again. */
  private readonly changed = new Set<string>();
  private watching: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private lastFault = '';
  private isThere = false;
  private away: CodedError | null = null;

  constructor(
    private readonly engine: DockerEngine,
    private readonly containers: EngineContainers,
    /** The name of the agent's network. */
    private readonly network: string,
    private readonly ports: EngineFollowerPorts,
  ) {}

  /** Whether the Engine answered last time. */
  get isEngineThere(): boolean {
    return this.isThere;
  }

  /** Why the Engine cannot be followed; null: it is followed, or was not tried yet. */
  get fault(): CodedError | null {
    return this.away;
  }

  /** Resolves after the first attempt, whether or not the Engine was there. */
  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.watching = watchEngine(
      this.engine,
      {
        connected: async () => {
          await this.connected();
          first.resolve();
        },
        happened: (event) => this.happened(event),
        lost: (error) => {
          this.lost(error);
          first.resolve();
        },
      },
      this.ending.signal,
    );
    await first.promise;
  }

  /** Resolves when nothing is in progress any more. */
  async close(): Promise<void> {
    this.ending.abort();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.watching;
    await this.turns.idle();
  }

  /** Checks the containers and settles again in a moment. */
  retryLater(): void {
    if (this.retry !== null || this.ending.signal.aborted) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.soon(() => this.lookAgain());
    }, RETRY_MS);
  }

  tell(error: unknown): void {
    const fault = error instanceof CodedError ? `${error.code} ${error.message}` : String(error);
    if (fault === this.lastFault) return;
    this.lastFault = fault;
    this.ports.onError(error);
  }

  private async connected(): Promise<void> {
    await this.ports.ensureNetwork();
    await this.inTurn(async () => {
      await this.containers.readAll();
      this.isThere = true;
      this.lastFault = '';
      await this.ports.settle();
      this.setFault(null);
    });
  }

  private happened({ type, action, id, attributes }: EngineEvent): void {
    if (type === 'network') {
      if (action === 'destroy' && attributes.name === this.network) this.soon(() => this.remakeNetwork());
      else if (attributes.container !== undefined) this.reread(attributes.container);
      // Podman reports the container's id here instead of the network's.
      else if (action === 'connect' || action === 'disconnect') this.reread(id);
    } else if (CHANGES.has(action)) this.reread(id);
  }

  private lost(error: unknown): void {
    this.isThere = false;
    this.tell(error);
    this.setFault(error instanceof CodedError ? error : null);
    this.retryLater();
  }

  private setFault(fault: CodedError | null): void {
    const isAnother = fault?.code !== this.away?.code;
    this.away = fault;
    if (isAnother) this.ports.faultChanged();
  }

  private reread(id: string): void {
    this.changed.add(id);
    this.soon(() => this.readChanged());
  }

  private async readChanged(): Promise<void> {
    const ids = [...this.changed];
    this.changed.clear();
    if (ids.length === 0) return;
    for (const id of ids) await this.containers.read(id);
    await this.ports.settle();
  }

  private async remakeNetwork(): Promise<void> {
    await this.ports.ensureNetwork();
    await this.ports.settle();
  }

  private async lookAgain(): Promise<void> {
    if (this.isThere) {
      await this.containers.readAll();
      await this.ports.settle();
      return;
    }
    // The Engine cannot be asked, but the kernel shows which processes have ended.
    if (this.containers.keep(({ pid }) => existsSync(`/proc/${pid}/ns/net`))) await this.ports.settle();
    this.retryLater();
  }

  private soon(work: () => Promise<void>): void {
    void this.inTurn(work).catch((error: unknown) => {
      this.tell(error);
      this.retryLater();
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    return this.turns.take(async () => {
      if (!this.ending.signal.aborted) await work();
    });
  }
}
