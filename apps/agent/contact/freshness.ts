import { Turns } from '#libs/async/turns.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { moveAside, readStateFile, writeStateFile } from '../state/state-file.js';
import { type Clock, type Moment, secondsBetween } from './boot-clock.js';

/** How long ago the control plane last answered, which decides what may still be served. */
export interface Freshness {
  /**
   * Notes that the control plane answered. Written to disk at most every ten seconds, so after a restart the contact
   * may seem older than it is.
   */
  contact(): void;
  secondsSinceContact(): number;
  isWithin(maxStalenessSeconds: number): boolean;
  close(): Promise<void>;
}

const SAVE_EVERY_SECONDS = 10;

/** Reads the last contact from disk. An unusable file counts as no contact; it is moved aside and reported. */
export async function openFreshness(path: string, clock: Clock, onError: (error: unknown) => void): Promise<Freshness> {
  let last = await readLastContact(path, clock, onError);
  let saved = last;
  const turns = new Turns();
  const secondsSinceContact = () => (last === null ? Number.POSITIVE_INFINITY : secondsBetween(last, clock()));
  return {
    contact() {
      last = clock();
      if (saved !== null && secondsBetween(saved, last) < SAVE_EVERY_SECONDS) return;
      saved = last;
      const moment = last;
      turns.take(() => writeStateFile(path, moment)).catch(onError);
    },
    secondsSinceContact,
    isWithin: (maxStalenessSeconds) => secondsSinceContact() <= maxStalenessSeconds,
    close: () => turns.idle(),
  };
}

async function readLastContact(path: string, clock: Clock, onError: (error: unknown) => void): Promise<Moment | null> {
  try {
    const saved = await readStateFile(path);
    if (saved === null) return null;
    const { bootId, uptimeSeconds, wallMs } = parseObject(saved, 'contact');
    return {
      bootId: textUpTo(128)(bootId, 'bootId'),
      uptimeSeconds: Number(uptimeSeconds),
      wallMs: Number(wallMs),
    };
  } catch (error) {
    onError(error);
    await moveAside(path, new Date(clock().wallMs)).catch(onError);
    return null;
  }
}
