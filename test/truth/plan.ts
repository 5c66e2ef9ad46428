import type { Action, Chosen } from './actions/action.js';
import { copyOfStoppedStack, LIVE, RECORD_FAULTS, stoppedStackPutBack } from './actions/record.js';
import { denialAfterCopy } from './actions/writes.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** The action of a step, by the name of its row in the table of actions. */
export interface PlannedStep {
  readonly name: string;
  readonly chosen: Chosen;
}

/** How often the stack is stopped: first to copy its data folder, then to restore the copy. */
const STOP_EVERY = 50;
/**
 * In each part of a sequence the database is copied, something is denied, and the copy is restored: after these steps.
 */
const PART = 25;
const COPIED_AT = 5;
const DENIED_AT = 8;
const PUT_BACK_AT = 15;
const PUT_BACK = ['restore', 'restore-write-kill'] as const;

/** What random draws alone would do too rarely: copies, and restores that lose something. */
export class Plan {
  private copiedIn: number | null = null;
  private deniedIn: number | null = null;
  private putBackIn: number | null = null;

  constructor(private readonly only: readonly string[] | null) {}

  next(world: World, random: Random, step: number): PlannedStep | null {
    return (
      this.stop(world, step) ??
      this.copy(world, random, step) ??
      this.deny(world, random, step) ??
      this.putBack(world, random, step)
    );
  }

  private stop(world: World, step: number): PlannedStep | null {
    if (step === 0 || step % STOP_EVERY !== 0 || !this.has('stop-stack')) return null;
    const chosen = step === STOP_EVERY ? copyOfStoppedStack(world) : stoppedStackPutBack(world);
    return chosen === null ? null : { name: 'stop-stack', chosen };
  }

  private copy(world: World, random: Random, step: number): PlannedStep | null {
    const part = Math.floor(step / PART);
    if (step % PART < COPIED_AT || this.copiedIn === part) return null;
    const planned = this.action('backup', world, random);
    if (planned !== null) this.copiedIn = part;
    return planned;
  }

  private deny(world: World, random: Random, step: number): PlannedStep | null {
    const part = Math.floor(step / PART);
    if (step % PART < DENIED_AT || this.copiedIn !== part || this.deniedIn === part || this.putBackIn === part)
      return null;
    const copy = world.copies.get(LIVE);
    const chosen = copy === undefined || !this.has('deny') ? null : denialAfterCopy(world, random, copy);
    if (chosen === null) return null;
    this.deniedIn = part;
    return { name: 'deny', chosen };
  }

  private putBack(world: World, random: Random, step: number): PlannedStep | null {
    const part = Math.floor(step / PART);
    if (step % PART < PUT_BACK_AT || this.copiedIn !== part || this.putBackIn === part) return null;
    const planned = this.action(random.pick(PUT_BACK), world, random);
    if (planned !== null) this.putBackIn = part;
    return planned;
  }

  private action(name: string, world: World, random: Random): PlannedStep | null {
    const action: Action | undefined = RECORD_FAULTS.find((candidate) => candidate.name === name);
    const chosen = this.has(name) ? (action?.choose(world, random) ?? null) : null;
    return chosen === null ? null : { name, chosen };
  }

  private has(name: string): boolean {
    return this.only === null || this.only.includes(name);
  }
}
