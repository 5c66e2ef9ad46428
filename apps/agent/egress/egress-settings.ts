import { wordOf } from '#libs/contracts/json-fields.js';
import { SETTINGS } from '../foundation/settings-list.js';
import type { Variables } from '../foundation/variables.js';

export const EGRESS_MODES = ['listed', 'none', 'open'] as const;
/**
 * Which names outside exist for sandboxes. listed: those that rules allow. none: none. open: those that rules allow,
 * and all others through the host's resolvers, so that DNS can carry data out.
 */
export type EgressMode = (typeof EGRESS_MODES)[number];

/** Error: InvalidInputError. */
export function readEgressMode({ read }: Pick<Variables, 'read'>, driver: string): EgressMode {
  // With `static` a sandbox has no link of its own: it reaches whatever the host reaches, whatever the rules say.
  return read(SETTINGS.egress, wordOf(EGRESS_MODES)) ?? (driver === 'static' ? 'open' : 'listed');
}
