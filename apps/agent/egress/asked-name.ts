import { InvalidInputError } from '#libs/contracts/errors.js';
import type { OutsideName } from '#libs/contracts/ids.js';
import { parseOutsideName } from '#libs/contracts/outside-names.js';

/** Parses the name of a DNS query. null: no rule can allow such a name, for instance `_443._tcp.example.com`. */
export function parseAskedName(text: string): OutsideName | null {
  try {
    return parseOutsideName(text, 'name');
  } catch (error) {
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}
