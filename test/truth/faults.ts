import { type Flow, hostsOf } from './model.js';
import { HOST_OF, type Host, type Process, type Sandbox } from './places.js';

/** What a fault impedes, whatever version the agents hold. */
export type Reach =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'agent'; readonly host: Host }
  | { readonly kind: 'sandbox'; readonly sandbox: Sandbox }
  | { readonly kind: 'between-hosts' }
  | { readonly kind: 'everything' };

export interface Fault {
  /** Only one of each name at a time. */
  readonly name: string;
  readonly reach: Reach;
  /** The process that it stops; null: none. */
  readonly process: Process | null;
  /** The agents that are out of contact with the control plane meanwhile. */
  readonly silences: readonly Host[];
  /** It is undone after this many steps, or earlier by something else. */
  readonly steps: number;
  readonly undo: () => Promise<void>;
}

interface Recovering {
  readonly name: string;
  readonly reach: Reach;
  readonly endedAt: number;
  /** Pairs of hosts between which a dial has been answered since. */
  readonly seen: Set<string>;
}

/** The time in which traffic must flow again after a fault has ended: supervisor, start, mesh and retries. */
export const RECOVERY_BOUND_MS = 30_000;
/** The time after a fault until connections end only for reported reasons. */
const CALM_AFTER_MS = 5_000;

/** The present faults, and those that have just ended. */
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

  /** Whether nothing is happening that could end connections or delay answers. */
  get isCalm(): boolean {
    const began = this.now() - CALM_AFTER_MS;
    return this.active.size === 0 && this.recovering.every(({ endedAt }) => endedAt < began);
  }

  disturbs(process: Process): boolean {
    return [...this.active.values()].some(({ fault }) => fault.process === process);
  }

  /** Agents that are out of contact with the control plane: waiting for them is in vain. */
  get silent(): readonly Host[] {
    return [...new Set([...this.active.values()].flatMap(({ fault }) => fault.silences))];
  }

  begin(fault: Fault): void {
    this.active.set(fault.name, { fault, stepsLeft: fault.steps });
  }

  /** A momentary fault, such as the end of a process that is restarted. */
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

  /** Counts a step; returns the names of faults whose time is over. */
  tick(): readonly string[] {
    for (const entry of this.active.values()) entry.stepsLeft -= 1;
    return [...this.active.values()].filter(({ stepsLeft }) => stepsLeft < 0).map(({ fault }) => fault.name);
  }

  /** What impedes the flow, now or until it has recovered; null: nothing. */
  obstacle(flow: Flow, target: Sandbox | null): string | null {
    for (const { fault } of this.active.values()) if (reaches(fault.reach, flow, target)) return fault.name;
    const found = this.recovering.find(
      ({ reach, endedAt, seen }) =>
        reaches(reach, flow, target) && !seen.has(pathOf(flow, target)) && this.now() < endedAt + RECOVERY_BOUND_MS,
    );
    return found === undefined ? null : `recovering from ${found.name}`;
  }

  /** A dial was answered, so its path works. */
  answered(flow: Flow, target: Sandbox | null): void {
    for (const { reach, seen } of this.recovering) if (reaches(reach, flow, target)) seen.add(pathOf(flow, target));
  }

  /** Everything is known to work. */
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
