import { existsSync } from 'node:fs';
import { Turns } from '#libs/async/turns.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { DockerEngine } from '#libs/docker-engine/engine.js';
import type { EngineEvent } from '#libs/docker-engine/engine-event.js';
import type { EngineContainers } from './engine-containers.js';
import { watchEngine } from './engine-watch.js';

/** What happens to a container that changes what it is to the agent. */
const CHANGES: ReadonlySet<string> = new Set(['start', 'die', 'pause', 'unpause', 'rename', 'destroy']);
/** How often what could not be done is tried again, and containers are looked at while the Engine is away. */
const RETRY_MS = 1_000;

export interface EngineFollowerPorts {
  /** Makes the agent's network at the Engine, where it is missing. Errors: those of the Engine. */
  readonly ensureNetwork: () => Promise<void>;
  /**
   * Makes the host follow the containers as they were read last. What it rejects with is told, and it is tried again.
   */
  readonly settle: () => Promise<void>;
  /** `fault` is another than before. */
  readonly faultChanged: () => void;
  /** Hears of each fault once, for as long as the next one is the same. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps what is known of the Engine's containers up to date, one change at a time: by its events while it answers, and
 * by the containers' processes while it does not.
 */
export class EngineFollower {
  private readonly ending = new AbortController();
  private readonly turns = new Turns();
  /** Ids of containers to be read anew. */
  private readonly changed = new Set<string>();
  private watching: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private lastFault = '';
  private isThere = false;
  private away: CodedError | null = null;

  constructor(
    private readonly engine: DockerEngine,
    private readonly containers: EngineContainers,
    /** The agent's, by name. */
    private readonly network: string,
    private readonly ports: EngineFollowerPorts,
  ) {}

  /** Whether the Engine answered last. */
  get isEngineThere(): boolean {
    return this.isThere;
  }

  /** Why the Engine cannot be followed; null: it is, or it was not tried yet. */
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

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.ending.abort();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.watching;
    await this.turns.idle();
  }

  /** Looks at the containers and settles again, a moment from now. */
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
      // Podman names the container in the network's place.
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
    // The Engine cannot be asked, but the kernel shows whose processes have ended.
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
