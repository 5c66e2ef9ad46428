import type { ChangeKind } from '#libs/contracts/change-kinds.js';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { ChangeDto } from '#libs/contracts/http/changes.js';
import type { NetworkId, RuleId } from '#libs/contracts/ids.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { ruleText } from '#libs/contracts/rules.js';
import { eventOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { takesSomethingAway } from '#libs/domain/network/urgency.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { NO_RULES_TOLD, type ToldRules } from './told-rules.js';

type Subjects = Pick<ChangeDto, 'sandboxId' | 'alias' | 'ruleId'>;

const NO_SUBJECTS: Subjects = { sandboxId: null, alias: null, ruleId: null };

/**
 * An event of a network's stream in words; one of a newer release only by its name. `rules`: those that the event may
 * remove.
 */
export function changeDto(
  stored: StoredEvent,
  networkId: NetworkId,
  network: string | null,
  rules: ToldRules = NO_RULES_TOLD,
): ChangeDto {
  const { position, streamVersion: version, type, actor, recordedAt: at } = stored;
  const event = readableEvent(stored);
  const told = event === null ? { summary: UNKNOWN_EVENT, ...NO_SUBJECTS } : describeChange(event, rules);
  const takesAway = event === null || takesSomethingAway(event);
  return { position, network, networkId, version, type, actor, at, takesAway, ...told };
}

export const UNKNOWN_EVENT = 'an event that only a newer release can read';

/** null: only a newer release can read it. */
export function readableEvent(stored: StoredEvent): NetworkEvent | null {
  try {
    return eventOf(NETWORK, stored);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return null;
  }
}

const KINDS = new Map<string, ChangeKind>(
  Object.entries({
    NetworkCreated: 'network',
    SandboxAttached: 'attachments',
    SandboxDetached: 'attachments',
    AliasPublished: 'aliases',
    AliasPortsChanged: 'aliases',
    AliasRemoved: 'aliases',
    PolicyRuleAdded: 'rules',
    PolicyRuleRemoved: 'rules',
    PolicyRuleExpired: 'rules',
    EgressRuleAdded: 'egress',
    EgressRuleRemoved: 'egress',
    EgressRuleExpired: 'egress',
    PolicyTestAdded: 'tests',
    PolicyTestRemoved: 'tests',
    PolicyTestsOverridden: 'tests',
    SandboxPlacementChanged: 'sandboxes',
    SandboxLabelsChanged: 'sandboxes',
    NetworkQuarantined: 'network',
    NetworkQuarantineLifted: 'network',
    NetworkDeleted: 'network',
  } satisfies { readonly [Type in NetworkEvent['type']]: ChangeKind }),
);

/** What an event of this type is about; null: only a newer release knows it. */
export function changeKind(type: string): ChangeKind | null {
  return KINDS.get(type) ?? null;
}

/** One line for people, and what it is about. `rules`: those that the event may remove. */
export function describeChange(
  event: NetworkEvent,
  rules: ToldRules = NO_RULES_TOLD,
): Subjects & Pick<ChangeDto, 'summary'> {
  const about = (summary: string, subjects: Partial<Subjects> = {}) => ({ ...NO_SUBJECTS, ...subjects, summary });
  const aboutRule = (summary: string, ruleId: RuleId) => {
    const rule = rules(ruleId);
    return about(rule === null ? summary : `${summary}: ${rule}`, { ruleId });
  };
  switch (event.type) {
    case 'NetworkCreated':
      return about('created');
    case 'SandboxAttached': {
      const { sandboxId, agentId } = event.data;
      return about(`attach ${sandboxId}${agentId === null ? '' : ` on ${agentId}`}`, { sandboxId });
    }
    case 'SandboxDetached':
      return about(`detach ${event.data.sandboxId}`, event.data);
    case 'AliasPublished': {
      const { alias, sandboxId, ports } = event.data;
      return about(`publish ${alias} by ${sandboxId} on ${portsText(ports)}`, { alias, sandboxId });
    }
    case 'AliasPortsChanged': {
      const { alias, ports } = event.data;
      return about(`ports of ${alias} are ${portsText(ports)}`, { alias });
    }
    case 'AliasRemoved':
      return about(`remove alias ${event.data.alias}`, event.data);
    case 'PolicyRuleAdded': {
      const { ruleId, to } = event.data;
      return about(ruleText(event.data), { ruleId, alias: to });
    }
    case 'PolicyRuleRemoved':
      return aboutRule(`remove ${event.data.ruleId}`, event.data.ruleId);
    case 'PolicyRuleExpired':
      return aboutRule(`${event.data.ruleId} ended at ${event.data.until}`, event.data.ruleId);
    case 'EgressRuleAdded':
      return about(`egress: ${egressRuleText(event.data)}`, { ruleId: event.data.ruleId });
    case 'EgressRuleRemoved':
      return aboutRule(`egress: remove ${event.data.ruleId}`, event.data.ruleId);
    case 'PolicyTestAdded':
      return about(`policy test ${event.data.testId}: ${policyTestText(event.data)}`, { alias: event.data.to });
    case 'PolicyTestRemoved':
      return about(`remove policy test ${event.data.testId}`);
    case 'PolicyTestsOverridden':
      return about(`overridden: policy tests ${event.data.testIds.join(', ')}`);
    case 'EgressRuleExpired':
      return aboutRule(`egress: ${event.data.ruleId} ended at ${event.data.until}`, event.data.ruleId);
    case 'SandboxPlacementChanged': {
      const { sandboxId, agentId } = event.data;
      return about(agentId === null ? `no agent holds ${sandboxId}` : `${sandboxId} is on ${agentId}`, { sandboxId });
    }
    case 'SandboxLabelsChanged': {
      const { sandboxId, labels } = event.data;
      const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      return about(`labels of ${sandboxId} are ${text.join(', ') || 'none'}`, { sandboxId });
    }
    case 'NetworkQuarantined':
      return about(`quarantined: ${event.data.reason}`);
    case 'NetworkQuarantineLifted':
      return about('quarantine lifted');
    case 'NetworkDeleted':
      return about('deleted');
  }
}

function portsText(ports: readonly { readonly published: number; readonly target: number }[]): string {
  return ports
    .map(({ published, target }) => (published === target ? `${published}` : `${published}:${target}`))
    .join(', ');
}
