import type { AliasName, SandboxId } from '#libs/contracts/ids.js';
import { portText } from '#libs/contracts/ports.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { Topology } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { DomainError } from '../decision.js';
import type { NetworkEvent } from '../network/events.js';
import { SandboxNotFoundError } from '../sandbox/refusals.js';
import { publication } from './aliases.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';
import { sandboxToGive } from './mixed-names.js';
import { NetworkLimitError, SandboxNotAttachedError } from './refusals.js';
import { rulesNaming } from './rules-naming.js';

/** Attaching what is attached changes nothing; an alias given along with it is published all the same. */
export function attachSandbox(
  command: NetworkCommandOf<'AttachSandbox'>,
  network: Topology,
): NetworkDecision<'AttachSandbox'> {
  const { sandboxId, sandbox, publication: wanted, inheritRules, replacePorts } = command;
  if (sandbox === null) return new SandboxNotFoundError(sandboxId, meant(command, network));
  const present = network.sandboxes.get(sandboxId);
  const attaches = present === undefined;
  if (attaches && network.sandboxes.size >= NETWORK_LIMITS.sandboxes) {
    return new NetworkLimitError(network, 'sandboxes', NETWORK_LIMITS.sandboxes);
  }
  const { agentId, labels } = sandbox;
  const events: readonly NetworkEvent[] = attaches
    ? [{ type: 'SandboxAttached', data: { sandboxId, agentId, labels } }]
    : [];
  const result = { sandboxId, alias: wanted?.alias ?? null };
  if (wanted === null) return { events, result, warnings: [], unchangedSince: present?.attachedSince ?? null };
  const published = publication({ ...wanted, sandboxId, inheritRules, replacePorts }, network);
  if (published instanceof DomainError) return published;
  // An alias comes after the attachment that it belongs to.
  const unchangedSince = attaches ? null : published.unchangedSince;
  return { events: [...events, ...published.events], result, warnings: published.warnings, unchangedSince };
}

/** What to do when the id is no sandbox: the two were swapped, or it is an alias. undefined: neither. */
function meant(
  { sandboxId: given, publication: wanted, meantSandbox: sandboxId }: NetworkCommandOf<'AttachSandbox'>,
  network: Topology,
): string | undefined {
  if (sandboxId === null || wanted === null) return sandboxToGive(network, given);
  const flags = wanted.ports.map((port) => ` --port ${portText(port)}`).join('');
  const alias: string = given;
  return `the sandbox comes before the alias: gstacks network attach ${network.name} ${sandboxId} --alias ${alias}${flags}`;
}

export function detachSandbox(
  { sandboxId }: NetworkCommandOf<'DetachSandbox'>,
  network: Topology,
): NetworkDecision<'DetachSandbox'> {
  if (!network.sandboxes.has(sandboxId)) {
    const remedy =
      sandboxToGive(network, sandboxId) ?? `see the attached sandboxes: gstacks network show ${network.name}`;
    return new SandboxNotAttachedError(network, sandboxId, remedy);
  }
  const { events, aliases } = detachment(network, sandboxId);
  const rulesLeft = rulesNaming(network, aliases).length;
  return { events, result: { sandboxId, aliasesRemoved: aliases, rulesLeft }, warnings: [], unchangedSince: null };
}

/** An alias never outlives the attachment it belongs to: first the aliases go, then the sandbox. */
export function detachment(
  network: Topology,
  sandboxId: SandboxId,
): { readonly events: readonly NetworkEvent[]; readonly aliases: readonly AliasName[] } {
  const aliases = policyIndex(network).aliasesOf.get(sandboxId) ?? [];
  const removals: readonly NetworkEvent[] = aliases.map((alias) => ({ type: 'AliasRemoved', data: { alias } }));
  return { events: [...removals, { type: 'SandboxDetached', data: { sandboxId } }], aliases };
}
