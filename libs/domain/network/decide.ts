import type { Topology } from '#libs/policy/model.js';
import { DomainError } from '../decision.js';
import { publishAlias, removeAlias } from './aliases.js';
import { attachSandbox, detachSandbox } from './attachment.js';
import type { NetworkCommandKind, NetworkCommandOf, NetworkDecision } from './commands.js';
import { applyDeclaration } from './declaration.js';
import { addEgressRule, removeEgressRule } from './egress-rules.js';
import { createNetwork, deleteNetwork, existing } from './lifetime.js';
import { changeLabels, changePlacement } from './placement.js';
import { addPolicyTest, keepingTests, removePolicyTest } from './policy-tests.js';
import { liftQuarantine, quarantineNetwork } from './quarantine.js';
import { revertNetwork } from './revert.js';
import { expireRules } from './rule-ends.js';
import { addRule, addRules, removeRule } from './rules.js';

type Decider<Kind extends NetworkCommandKind, State> = (
  command: NetworkCommandOf<Kind>,
  network: State,
) => NetworkDecision<Kind>;

const deciders: { readonly [Kind in NetworkCommandKind]: Decider<Kind, Topology | null> } = {
  CreateNetwork: createNetwork,
  DeleteNetwork: onExisting(deleteNetwork),
  AttachSandbox: onExisting(attachSandbox),
  DetachSandbox: onExisting(detachSandbox),
  PublishAlias: onExisting(publishAlias),
  RemoveAlias: onExisting(removeAlias),
  AddRule: onExisting(addRule),
  AddRules: onExisting(addRules),
  RemoveRule: onExisting(removeRule),
  AddEgressRule: onExisting(addEgressRule),
  RemoveEgressRule: onExisting(removeEgressRule),
  ApplyDeclaration: onExisting(applyDeclaration),
  RevertNetwork: onExisting(revertNetwork),
  AddPolicyTest: onExisting(addPolicyTest),
  RemovePolicyTest: onExisting(removePolicyTest),
  ExpireRules: onExisting(expireRules),
  QuarantineNetwork: onExisting(quarantineNetwork),
  LiftQuarantine: onExisting(liftQuarantine),
  ChangePlacement: onExisting(changePlacement),
  ChangeLabels: onExisting(changeLabels),
};

function onExisting<Kind extends NetworkCommandKind>(decider: Decider<Kind, Topology>): Decider<Kind, Topology | null> {
  return (command, state) => {
    const network = existing(state);
    return network instanceof DomainError ? network : decider(command, network);
  };
}

/**
 * What a command makes of a network: events with what its author is told, or a DomainError (returned, not thrown).
 * The state is the fold of the network's stream (`fold` of libs/policy), null before its first event. Every command
 * but CreateNetwork is NETWORK_NOT_FOUND on a network that does not exist or was deleted. `overridesTests`: also what
 * breaks the network's policy tests.
 */
export function decideNetwork<Kind extends NetworkCommandKind>(
  command: NetworkCommandOf<Kind>,
  network: Topology | null,
  overridesTests = false,
): NetworkDecision<Kind> {
  const decider: Decider<Kind, Topology | null> = deciders[command.kind];
  return keepingTests(command.kind, decider(command, network), network, overridesTests);
}
