import type { Topology } from '#libs/policy/model.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';

/**
 * From now on nobody takes part. Attachments, aliases and rules are kept, and apply again when the quarantine is
 * lifted.
 */
export function quarantineNetwork(
  { agents, reason }: NetworkCommandOf<'QuarantineNetwork'>,
  { quarantinedSince }: Topology,
): NetworkDecision<'QuarantineNetwork'> {
  const result = { agents };
  if (quarantinedSince !== null) return { events: [], result, warnings: [], unchangedSince: quarantinedSince };
  const events = [{ type: 'NetworkQuarantined', data: { agents, reason } }] as const;
  return { events, result, warnings: [], unchangedSince: null };
}

export function liftQuarantine(
  _command: NetworkCommandOf<'LiftQuarantine'>,
  { quarantinedSince }: Topology,
): NetworkDecision<'LiftQuarantine'> {
  if (quarantinedSince === null) return { events: [], result: null, warnings: [], unchangedSince: null };
  const events = [{ type: 'NetworkQuarantineLifted', data: {} }] as const;
  return { events, result: null, warnings: [], unchangedSince: null };
}
