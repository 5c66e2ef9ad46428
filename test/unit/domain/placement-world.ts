import fc from 'fast-check';
import {
  type AgentId,
  type NetworkId,
  parseAgentId,
  parseNetworkId,
  parseSandboxId,
  type SandboxId,
} from '#libs/contracts/ids.js';
import { decideAgent } from '#libs/domain/agent/decide.js';
import { type AgentState, evolveAgent } from '#libs/domain/agent/state.js';
import { type Decision, DomainError } from '#libs/domain/decision.js';
import type { NetworkCommand } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import type { FollowUp } from '#libs/domain/placement/follow-up.js';
import { type PlacedEvent, PlacementFollower } from '#libs/domain/placement/placement-follower.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import { evolveSandbox, type SandboxState } from '#libs/domain/sandbox/state.js';
import type { AttachedSandbox, Topology } from '#libs/policy/model.js';
import { create } from './network-commands.js';

const networkIds = ['0a', '0b'].map((id) => parseNetworkId(id, 'network'));
const agentIds = ['host-a', 'host-b'].map((name) => parseAgentId(name, 'agent'));
const sandboxIds = ['sbx-1', 'sbx-2'].map((id) => parseSandboxId(id, 'sandbox'));

export type Action =
  | { readonly kind: 'report' | 'gone' | 'release' | 'pin'; readonly sandboxId: SandboxId; readonly agentId: AgentId }
  | { readonly kind: 'label'; readonly sandboxId: SandboxId; readonly value: string }
  | { readonly kind: 'unpin'; readonly sandboxId: SandboxId }
  /** The handler reads the sandbox's stream now and writes later: events in between overtake it. */
  | { readonly kind: 'beginAttach' | 'detach'; readonly sandboxId: SandboxId; readonly networkId: NetworkId }
  | { readonly kind: 'finishAttach' }
  | { readonly kind: 'revoke' | 'follow' };

const sandboxId = fc.constantFrom(...sandboxIds);
const agentId = fc.constantFrom(...agentIds);
const networkId = fc.constantFrom(...networkIds);

export const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('report', 'gone', 'release', 'pin'), sandboxId, agentId }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unpin'), sandboxId }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('label'), sandboxId, value: fc.constantFrom('1', '2') }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('beginAttach', 'detach'), sandboxId, networkId }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('finishAttach', 'follow') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke') }) },
  ) as fc.Arbitrary<Action>,
  { maxLength: 40, size: 'max' },
);

/** A log, its streams' states, and a follower that may lag behind it. host-b is the agent that is revoked. */
export class World {
  readonly log: PlacedEvent[] = [];
  private readonly networks = new Map<NetworkId, Topology>();
  private readonly sandboxes = new Map<SandboxId, SandboxState>();
  private revocable: AgentState | null = null;
  private readonly pending: (readonly [NetworkId, NetworkCommand])[] = [];
  private readonly follower = new PlacementFollower();
  private followed = 0;

  constructor() {
    for (const id of networkIds) this.onNetwork(id, { ...create(), networkId: id } as NetworkCommand);
  }

  act(action: Action): void {
    switch (action.kind) {
      case 'report':
        this.report(action.sandboxId, action.agentId);
        break;
      case 'gone':
        this.onSandbox({ ...action, kind: 'ReportGone' });
        break;
      case 'release':
        this.onSandbox({ ...action, kind: 'ReleaseSandbox' });
        break;
      case 'pin':
        this.onSandbox({ ...action, kind: 'PinSandbox' });
        break;
      case 'unpin':
        this.onSandbox({ ...action, kind: 'UnpinSandbox' });
        break;
      case 'label':
        this.onSandbox({ kind: 'LabelSandbox', sandboxId: action.sandboxId, set: { a: action.value }, remove: [] });
        break;
      case 'beginAttach':
        this.pending.push([action.networkId, attachment(action.sandboxId, this.sandbox(action.sandboxId))]);
        break;
      case 'finishAttach': {
        const [networkId, command] = this.pending.shift() ?? [];
        if (networkId !== undefined && command !== undefined) this.onNetwork(networkId, command);
        break;
      }
      case 'detach':
        this.onNetwork(action.networkId, { kind: 'DetachSandbox', sandboxId: action.sandboxId });
        break;
      case 'revoke':
        this.revoke();
        break;
      case 'follow':
        this.follow();
        break;
    }
  }

  /** All pending work is finished, and the follower has read the whole log. */
  settle(): void {
    while (this.pending.length > 0) this.act({ kind: 'finishAttach' });
    while (this.followed < this.log.length) this.follow();
  }

  sandbox(id: SandboxId): SandboxState | null {
    return this.sandboxes.get(id) ?? null;
  }

  attachments(): readonly AttachedSandbox[] {
    return [...this.networks.values()].flatMap(({ sandboxes }) => [...sandboxes.values()]);
  }

  heldByRevokedAgents(): readonly SandboxId[] {
    if (this.revocable?.status !== 'revoked') return [];
    const { agentId: revoked } = this.revocable;
    return [...this.sandboxes.values()].filter((held) => held.agentId === revoked).map((held) => held.sandboxId);
  }

  /** The bus rejects messages of revoked agents. */
  private report(id: SandboxId, by: AgentId): void {
    if (by === agentIds[1] && this.revocable?.status === 'revoked') return;
    this.onSandbox({ kind: 'ReportSandbox', sandboxId: id, agentId: by, address: '10.0.0.2', driver: 'netns' });
  }

  private revoke(): void {
    const [, agentId] = agentIds;
    if (agentId === undefined || this.revocable !== null) return;
    for (const command of [
      { kind: 'EnrollAgent', agentId, nkey: 'UB', meshKeyThumbprint: 'm' } as const,
      { kind: 'RevokeAgent', agentId, reason: 'lost' } as const,
    ]) {
      for (const event of eventsOf(decideAgent(command, this.revocable))) {
        this.revocable = evolveAgent(this.revocable, event);
        this.log.push({ stream: 'agent', position: this.log.length + 1, agentId, event });
      }
    }
  }

  private follow(): void {
    const next = this.log[this.followed];
    if (next === undefined) return;
    this.followed += 1;
    for (const followUp of this.follower.take(next)) this.carryOut(followUp);
  }

  private carryOut(followUp: FollowUp): void {
    if (followUp.stream === 'network') this.onNetwork(followUp.networkId, followUp.command);
    else this.onSandbox(followUp.command);
  }

  private onNetwork(id: NetworkId, command: NetworkCommand): void {
    for (const event of eventsOf(decideNetwork(command, this.networks.get(id) ?? null))) {
      this.networks.set(id, evolveNetwork(this.networks.get(id) ?? null, event));
      this.log.push({ stream: 'network', position: this.log.length + 1, networkId: id, event });
    }
  }

  private onSandbox(command: SandboxCommand): void {
    const id = command.sandboxId;
    for (const event of eventsOf(decideSandbox(command, this.sandbox(id)))) {
      this.sandboxes.set(id, evolveSandbox(this.sandbox(id), event));
      this.log.push({ stream: 'sandbox', position: this.log.length + 1, sandboxId: id, event });
    }
  }
}

function attachment(id: SandboxId, sandbox: SandboxState | null): NetworkCommand {
  const asked = { meantSandbox: null, inheritRules: false, replacePorts: false };
  return { kind: 'AttachSandbox', sandboxId: id, sandbox, publication: null, ...asked };
}

function eventsOf<Event>(decision: Decision<Event, unknown>): readonly Event[] {
  return decision instanceof DomainError ? [] : decision.events;
}
