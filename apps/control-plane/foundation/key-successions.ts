import type { KeyFile, KeyFiles } from '#libs/bus/key-files.js';
import { type KeySuccession, parseSuccessions } from '#libs/contracts/store-keys.js';

const FILE: KeyFile<readonly KeySuccession[]> = {
  name: 'key-successions.json',
  holds: 'signed successions of keys in JSON',
  parse: (text) => parseSuccessions(JSON.parse(text), 'successions'),
};

/**
 * Which key of the store followed which, beside the keys: with a database from before a rotation, this file shows that
 * the keys are those of its store. The log has the same as events.
 */
export class KeySuccessions {
  private known: readonly KeySuccession[];

  /** Error: KeyFileUnusableError. */
  constructor(private readonly files: KeyFiles) {
    this.known = files.read(FILE) ?? [];
  }

  get all(): readonly KeySuccession[] {
    return this.known;
  }

  /** Errors: DiskFullError, or the system's. */
  add(successions: readonly KeySuccession[]): void {
    const fresh = successions.filter(({ key, from, to }) => !this.known.some((one) => isSame(one, { key, from, to })));
    if (fresh.length === 0) return;
    const next = [...this.known, ...fresh];
    this.files.rewrite(FILE.name, JSON.stringify(next));
    this.known = next;
  }
}

function isSame(one: KeySuccession, { key, from, to }: Omit<KeySuccession, 'signature'>): boolean {
  return one.key === key && one.from === from && one.to === to;
}
