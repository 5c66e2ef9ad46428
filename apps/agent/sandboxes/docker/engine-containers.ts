import type { EngineContainer } from '#libs/docker-engine/container.js';
import type { DockerEngine } from '#libs/docker-engine/engine.js';
import { concerns, isConcerned, type TakingTerms } from './take-containers.js';

const INSPECTIONS_AT_ONCE = 8;

/** The Engine's containers that concern the agent, as last read. */
export class EngineContainers {
  private known = new Map<string, EngineContainer>();

  constructor(
    private readonly engine: DockerEngine,
    private readonly terms: Pick<TakingTerms, 'agentId' | 'network'>,
  ) {}

  all(): readonly EngineContainer[] {
    return [...this.known.values()];
  }

  /** Reads everything again. Errors: those of the Engine; then the former state is kept. */
  async readAll(): Promise<void> {
    const listed = (await this.engine.listContainers()).filter((container) => concerns(container, this.terms));
    const read = new Map<string, EngineContainer>();
    const waiting = listed.map(({ id }) => id);
    const readOn = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const container = await this.engine.container(id);
        if (container !== null) read.set(id, container);
      }
    };
    await Promise.all(Array.from({ length: INSPECTIONS_AT_ONCE }, readOn));
    this.known = read;
  }

  /** Reads one container again. Errors: those of the Engine. */
  async read(id: string): Promise<void> {
    const container = await this.engine.container(id);
    if (container !== null && container.state !== 'other' && isConcerned(container, this.terms))
      this.known.set(id, container);
    else this.known.delete(id);
  }

  /** Drops containers for which this is false, for times when the Engine cannot be asked. True: some were dropped. */
  keep(isAlive: (container: EngineContainer) => boolean): boolean {
    const ended = this.all().filter((container) => !isAlive(container));
    for (const { id } of ended) this.known.delete(id);
    return ended.length > 0;
  }
}
