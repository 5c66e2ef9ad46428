import { type Flow, hostsOf } from './model.js';
import { HOST_OF, type Host, type Process, type Sandbox } from './places.js';

/** What a fault stands in the way of, whatever version the agents follow. */
export type Reach =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'agent'; readonly host: Host }
  | { readonly kind: 'sandbox'; readonly sandbox: Sandbox }
  | { readonly kind: 'between-hosts' }
  | { readonly kind: 'everything' };

export interface Fault {
  /** One of each name at a time. */
  readonly name: string;
  readonly reach: Reach;
  /** Which process it keeps from doing its work; null: none. */
  readonly process: Process | null;
  /** The agents that the control plane hears nothing from meanwhile. */
  readonly silences: readonly Host[];
  /** After so many steps it is undone, unless something undoes it before. */
  readonly steps: number;
  readonly undo: () => Promise<void>;
}

interface Recovering {
  readonly name: string;
  readonly reach: Reach;
  readonly endedAt: number;
  /** Pairs of hosts over which a dial has been answered since. */
  readonly seen: Set<string>;
}

/** How long traffic may need to flow again after a fault has ended: supervisor, start, mesh and retries. */
export const RECOVERY_BOUND_MS = 30_000;
/** After a fault: until connections end only for reasons that somebody has given. */
const CALM_AFTER_MS = 5_000;

/** The faults of the moment, and those that have just ended. */
export class Faults {
  private readonly active = new Map<string, { readonly fault: Fault; stepsLeft: number }>();
  private recovering: Recovering[] = [];

  constructor(private readonly now: () => number) {}

  has(name: string): boolean {
    return this.active.has(name);
  }

  names(): readonly string[] {
    return [...this.active.keys()];
  }

  /** Whether nothing is happening that could end connections or hold answers up. */
  get isCalm(): boolean {
    const began = this.now() - CALM_AFTER_MS;
    return this.active.size === 0 && this.recovering.every(({ endedAt }) => endedAt < began);
  }

  disturbs(process: Process): boolean {
    return [...this.active.values()].some(({ fault }) => fault.process === process);
  }

  /** Agents that the control plane hears nothing from: whoever asks about them waits in vain. */
  get silent(): readonly Host[] {
    return [...new Set([...this.active.values()].flatMap(({ fault }) => fault.silences))];
  }

  begin(fault: Fault): void {
    this.active.set(fault.name, { fault, stepsLeft: fault.steps });
  }

  /** Something that is over as soon as it has happened, such as the end of a process that is started again. */
  happened(name: string, reach: Reach): void {
    this.recovering.push({ name, reach, endedAt: this.now(), seen: new Set() });
  }

  /** Ends a fault. */
  async end(name: string): Promise<void> {
    const entry = this.active.get(name);
    if (entry === undefined) return;
    this.active.delete(name);
    await entry.fault.undo();
    this.happened(name, entry.fault.reach);
  }

  async endAll(): Promise<void> {
    for (const name of this.names().toReversed()) await this.end(name);
  }

  /** One step has passed: names of those whose time is up. */
  tick(): readonly string[] {
    for (const entry of this.active.values()) entry.stepsLeft -= 1;
    return [...this.active.values()].filter(({ stepsLeft }) => stepsLeft < 0).map(({ fault }) => fault.name);
  }

  /** What lies in the flow's way, now or until it has recovered; null when nothing does. */
  obstacle(flow: Flow, target: Sandbox | null): string | null {
    for (const { fault } of this.active.values()) if (reaches(fault.reach, flow, target)) return fault.name;
    const found = this.recovering.find(
      ({ reach, endedAt, seen }) =>
        reaches(reach, flow, target) && !seen.has(pathOf(flow, target)) && this.now() < endedAt + RECOVERY_BOUND_MS,
    );
    return found === undefined ? null : `recovering from ${found.name}`;
  }

  /** A dial was answered, so that its way is clear. */
  answered(flow: Flow, target: Sandbox | null): void {
    for (const { reach, seen } of this.recovering) if (reaches(reach, flow, target)) seen.add(pathOf(flow, target));
  }

  /** Everything is known to be well. */
  recovered(): void {
    this.recovering = [];
  }
}

function pathOf(flow: Flow, target: Sandbox | null): string {
  return `${HOST_OF[flow.source]} ${target ?? ''}`;
}

function reaches(reach: Reach, flow: Flow, target: Sandbox | null): boolean {
  switch (reach.kind) {
    case 'nothing':
      return false;
    case 'everything':
      return true;
    case 'agent':
      return hostsOf(flow, target).includes(reach.host);
    case 'sandbox':
      return target === reach.sandbox || flow.source === reach.sandbox;
    case 'between-hosts':
      return hostsOf(flow, target).length > 1;
  }
}
