import type { AgentId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import { compareText } from '#libs/policy/order.js';
import type { AgentEvent } from '../agent/events.js';
import type { Labels } from '../labels.js';
import { sameLabels } from '../labels.js';
import type { NetworkEvent } from '../network/events.js';
import type { SandboxEvent } from '../sandbox/events.js';
import { type FollowUp, onNetwork, onSandbox } from './follow-up.js';

/** An event of the log with the stream it stands in. */
export type PlacedEvent =
  | {
      readonly stream: 'network';
      readonly position: number;
      readonly networkId: NetworkId;
      readonly event: NetworkEvent;
    }
  | {
      readonly stream: 'sandbox';
      readonly position: number;
      readonly sandboxId: SandboxId;
      readonly event: SandboxEvent;
    }
  | { readonly stream: 'agent'; readonly position: number; readonly agentId: AgentId; readonly event: AgentEvent };

interface Sandbox {
  readonly agentId: AgentId | null;
  readonly labels: Labels;
}

const UNKNOWN_SANDBOX: Sandbox = { agentId: null, labels: {} };

/**
 * Copies placement and labels of sandboxes onto the streams of the networks they are attached to, so that one stream
 * holds all that a network's policy reads. It takes every event of the log once, in order, and answers with the
 * commands that follow; what it answers depends on the log up to that event alone, so that a follower which read the
 * log again after a crash answers the same, with the same command ids.
 *
 * An attachment made while its sandbox moved carries what the sandbox was a moment ago, and a copy made late may meet
 * a newer attachment of the same sandbox: whatever a network is told of a sandbox is therefore compared with the
 * sandbox's own stream, and put right.
 */
export class PlacementFollower {
  private readonly sandboxes = new Map<SandboxId, Sandbox>();
  private readonly networksOf = new Map<SandboxId, Set<NetworkId>>();

  /** A follower that has taken the log up to where sandboxes and networks, deleted ones too, are as given. */
  static after(
    sandboxes: readonly (Sandbox & { readonly sandboxId: SandboxId })[],
    networks: readonly { readonly networkId: NetworkId; readonly sandboxes: ReadonlyMap<SandboxId, unknown> }[],
  ): PlacementFollower {
    const follower = new PlacementFollower();
    for (const { sandboxId, agentId, labels } of sandboxes) follower.sandboxes.set(sandboxId, { agentId, labels });
    for (const { networkId, sandboxes: attached } of networks) {
      for (const sandboxId of attached.keys()) {
        follower.networksOf.set(sandboxId, follower.networksWith(sandboxId).add(networkId));
      }
    }
    return follower;
  }

  take(placed: PlacedEvent): readonly FollowUp[] {
    switch (placed.stream) {
      case 'network':
        return this.takeNetworkEvent(placed);
      case 'sandbox':
        return this.takeSandboxEvent(placed);
      case 'agent':
        return this.takeAgentEvent(placed);
    }
  }

  private takeNetworkEvent({ position, networkId, event }: PlacedEvent & { stream: 'network' }): readonly FollowUp[] {
    switch (event.type) {
      case 'SandboxAttached':
        this.networksOf.set(event.data.sandboxId, this.networksWith(event.data.sandboxId).add(networkId));
        return this.corrections(position, networkId, event.data);
      case 'SandboxDetached': {
        const networks = this.networksWith(event.data.sandboxId);
        networks.delete(networkId);
        if (networks.size === 0) this.networksOf.delete(event.data.sandboxId);
        return [];
      }
      case 'SandboxPlacementChanged':
      case 'SandboxLabelsChanged':
        return this.corrections(position, networkId, event.data);
      case 'NetworkCreated':
      case 'NetworkDeleted':
      case 'NetworkQuarantined':
      case 'NetworkQuarantineLifted':
      case 'AliasPublished':
      case 'AliasPortsChanged':
      case 'AliasRemoved':
      case 'PolicyRuleAdded':
      case 'PolicyRuleRemoved':
      case 'PolicyRuleExpired':
      case 'EgressRuleAdded':
      case 'EgressRuleRemoved':
      case 'PolicyTestAdded':
      case 'PolicyTestRemoved':
      case 'PolicyTestsOverridden':
      case 'EgressRuleExpired':
        return [];
    }
  }

  private networksWith(sandboxId: SandboxId): Set<NetworkId> {
    return this.networksOf.get(sandboxId) ?? new Set();
  }

  /** What a network was just told of a sandbox, held against what the sandbox's own stream says by then. */
  private corrections(
    position: number,
    networkId: NetworkId,
    told: { readonly sandboxId: SandboxId } & Partial<Sandbox>,
  ): readonly FollowUp[] {
    const { sandboxId } = told;
    const { agentId, labels } = this.sandboxes.get(sandboxId) ?? UNKNOWN_SANDBOX;
    const followUps: FollowUp[] = [];
    if (told.agentId !== undefined && told.agentId !== agentId) {
      followUps.push(onNetwork(position, networkId, { kind: 'ChangePlacement', sandboxId, agentId }));
    }
    if (told.labels !== undefined && !sameLabels(told.labels, labels)) {
      followUps.push(onNetwork(position, networkId, { kind: 'ChangeLabels', sandboxId, labels }));
    }
    return followUps;
  }

  private takeSandboxEvent({ position, sandboxId, event }: PlacedEvent & { stream: 'sandbox' }): readonly FollowUp[] {
    const before = this.sandboxes.get(sandboxId) ?? UNKNOWN_SANDBOX;
    const after = changed(before, event);
    this.sandboxes.set(sandboxId, after);
    const networks = [...(this.networksOf.get(sandboxId) ?? [])].sort(compareText);
    const { agentId, labels } = after;
    if (agentId !== before.agentId) {
      return networks.map((networkId) =>
        onNetwork(position, networkId, { kind: 'ChangePlacement', sandboxId, agentId }),
      );
    }
    if (!sameLabels(labels, before.labels)) {
      return networks.map((networkId) => onNetwork(position, networkId, { kind: 'ChangeLabels', sandboxId, labels }));
    }
    return [];
  }

  private takeAgentEvent({ position, agentId, event }: PlacedEvent & { stream: 'agent' }): readonly FollowUp[] {
    switch (event.type) {
      case 'AgentRevoked':
        return this.releases(position, agentId);
      case 'AgentEnrolled':
      case 'AgentRenewed':
        return [];
    }
  }

  /** What a revoked agent placed belongs to nobody until another agent reports it. */
  private releases(position: number, agentId: AgentId): readonly FollowUp[] {
    return [...this.sandboxes]
      .filter(([, sandbox]) => sandbox.agentId === agentId)
      .map(([sandboxId]) => sandboxId)
      .sort(compareText)
      .map((sandboxId) => onSandbox(position, { kind: 'ReleaseSandbox', sandboxId, agentId }));
  }
}

/** Gone and returned change nothing here: a sandbox that is gone stays with its agent until another one has it. */
function changed(sandbox: Sandbox, event: SandboxEvent): Sandbox {
  switch (event.type) {
    case 'SandboxPlaced':
    case 'SandboxMoved':
      return { ...sandbox, agentId: event.data.agentId };
    case 'SandboxReleased':
      return { ...sandbox, agentId: null };
    case 'SandboxLabelled':
      return { ...sandbox, labels: event.data.labels };
    case 'SandboxRegistered':
    case 'SandboxGone':
    case 'SandboxReturned':
    case 'SandboxPinned':
    case 'SandboxUnpinned':
      return sandbox;
  }
}
