import { createHash } from 'node:crypto';
import { type CommandId, type NetworkId, parseCommandId, type SandboxId } from '#libs/contracts/ids.js';
import { streamOf } from '../aggregate.js';
import { NETWORK } from '../network/aggregate.js';
import type { NetworkCommandOf } from '../network/commands.js';
import { SANDBOX } from '../sandbox/aggregate.js';
import type { SandboxCommand } from '../sandbox/decide.js';

type CopyCommand = NetworkCommandOf<'ChangePlacement'> | NetworkCommandOf<'ChangeLabels'>;
type ReleaseCommand = Extract<SandboxCommand, { readonly kind: 'ReleaseSandbox' }>;

/**
 * A command on another stream that an event causes. It is done when it was carried out, or refused with
 * NETWORK_NOT_FOUND.
 */
export type FollowUp =
  | {
      readonly stream: 'network';
      readonly commandId: CommandId;
      readonly networkId: NetworkId;
      readonly command: CopyCommand;
    }
  | {
      readonly stream: 'sandbox';
      readonly commandId: CommandId;
      readonly sandboxId: SandboxId;
      readonly command: ReleaseCommand;
    };

/** The actor of every follow-up, so that its command ids cannot collide with others'. */
export const PLACEMENT_ACTOR = 'process:placement';

/**
 * The command id of what one event causes on one stream. A repeat has the same id and so gets the first result. An
 * event causes at most one command of each kind per stream.
 */
export function deriveCommandId(position: number, streamId: string, kind: string): CommandId {
  const digest = createHash('sha256').update(`${position}\n${streamId}\n${kind}`).digest('hex').slice(0, 32);
  return parseCommandId(`placement-${position}-${digest}`, 'commandId');
}

export function onNetwork(position: number, networkId: NetworkId, command: CopyCommand): FollowUp {
  const commandId = deriveCommandId(position, streamOf(NETWORK, networkId), command.kind);
  return { stream: 'network', commandId, networkId, command };
}

export function onSandbox(position: number, command: ReleaseCommand): FollowUp {
  const { sandboxId } = command;
  const commandId = deriveCommandId(position, streamOf(SANDBOX, sandboxId), command.kind);
  return { stream: 'sandbox', commandId, sandboxId, command };
}
