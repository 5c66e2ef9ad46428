import { wordOf } from '#libs/contracts/json-fields.js';
import type { Variables } from '../foundation/variables.js';

export const EGRESS_MODES = ['listed', 'none', 'open'] as const;
/**
 * Which names outside exist for sandboxes. listed: those that rules allow. none: no name at all. open: those that rules
 * allow, and all others by the host's resolvers, so that DNS can carry data out.
 */
export type EgressMode = (typeof EGRESS_MODES)[number];

/** Error: InvalidInputError. */
export function readEgressMode({ read }: Pick<Variables, 'read'>, driver: string): EgressMode {
  // The driver `static` has no link of its own: its sandboxes reach whatever the host does.
  return read('GLOBALSTACKS_AGENT_EGRESS', wordOf(EGRESS_MODES)) ?? (driver === 'static' ? 'open' : 'listed');
}
