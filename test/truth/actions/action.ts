import type { Random } from '../random.js';
import type { Outcome, World } from '../world.js';

/** One thing that may happen, with its target. */
export interface Chosen {
  readonly text: string;
  readonly run: () => Promise<Outcome>;
}

/** A row of the table: an action, how often it happens, and when it is possible. */
export interface Action {
  readonly name: string;
  /** Its weight relative to the others. */
  readonly weight: number;
  /** null: not now. Depends on the draws and on what is known, never on the time. */
  readonly choose: (world: World, random: Random) => Chosen | null;
}
