import type { Random } from '../random.js';
import type { Outcome, World } from '../world.js';

/** One thing that may happen, with what it is done to. */
export interface Chosen {
  readonly text: string;
  readonly run: () => Promise<Outcome>;
}

/** A row of the table: what may happen, how often, and when it can. */
export interface Action {
  readonly name: string;
  /** Beside the others. */
  readonly weight: number;
  /** null: not now. Decides by the draws and by what is known, never by what time it is. */
  readonly choose: (world: World, random: Random) => Chosen | null;
}
