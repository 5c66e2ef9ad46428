import type { AgentId } from '#libs/contracts/ids.js';
import type { AgentEvent } from '../agent/events.js';
import { type Decision, DomainError } from '../decision.js';
import { type AgentState, evolveAgent } from './state.js';

/**
 * Tokens, signatures and certificate requests are verified before; the decider checks only whether the agent may do
 * this.
 */
export type AgentCommand =
  | {
      readonly kind: 'EnrollAgent';
      readonly agentId: AgentId;
      readonly nkey: string;
      readonly meshKeyThumbprint: string;
    }
  | {
      readonly kind: 'RenewAgent';
      readonly agentId: AgentId;
      /** The key that signed the renewal. */
      readonly nkey: string;
      readonly meshKeyThumbprint: string;
    }
  | { readonly kind: 'RevokeAgent'; readonly agentId: AgentId; readonly reason: string };

export class AgentNotFoundError extends DomainError {
  /** `field`: the member of the request that names the agent. */
  constructor(agentId: AgentId, field: 'agentId' | 'via' = 'agentId') {
    super('not-found', 'AGENT_NOT_FOUND', `there is no agent ${agentId}`, 'see gstacks agent list', field);
  }
}

export class AgentRevokedError extends DomainError {
  constructor({ agentId, revocation }: Pick<AgentState, 'agentId' | 'revocation'>) {
    super(
      'forbidden',
      'AGENT_REVOKED',
      `agent ${agentId} was ${revocation ?? 'revoked'}`,
      `empty its state folder and enrol it again with a new token: gstacks agent enroll ${agentId}`,
    );
  }
}

/** A revoked key stays refused: whoever copied it could otherwise enrol as that agent again. */
export class AgentKeyRevokedError extends DomainError {
  constructor(agentId: AgentId) {
    super(
      'forbidden',
      'AGENT_KEY_REVOKED',
      `agent ${agentId} was revoked together with one of these keys`,
      'empty the state folder of that host, so that the agent makes new keys, and enrol it with the token again',
    );
  }
}

/** A name has one key at a time, so a second host cannot enrol beside the first. */
export class AgentEnrolledError extends DomainError {
  constructor(agentId: AgentId) {
    super(
      'conflict',
      'AGENT_ENROLLED',
      `agent ${agentId} is enrolled with another key`,
      `if that host lost its state, revoke it first: gstacks agent revoke ${agentId}`,
    );
  }
}

export class AgentKeyMismatchError extends DomainError {
  constructor(agentId: AgentId) {
    super('forbidden', 'AGENT_KEY_MISMATCH', `agent ${agentId} is enrolled with another key than the one that signed`);
  }
}

/** Why a command cannot name an agent with this state: AGENT_NOT_FOUND, AGENT_REVOKED. null: it can. */
export function unusableAgent(
  agentId: AgentId,
  agent: AgentState | null,
  field: 'agentId' | 'via',
): DomainError | null {
  if (agent === null) return new AgentNotFoundError(agentId, field);
  return agent.status === 'revoked' ? new AgentRevokedError(agent) : null;
}

/**
 * Decides a command about an agent; the result is its new state. Each renewal is written, because each issued
 * credentials. Refusals are returned: AGENT_NOT_FOUND, AGENT_REVOKED, AGENT_KEY_REVOKED, AGENT_ENROLLED,
 * AGENT_KEY_MISMATCH.
 */
export function decideAgent(command: AgentCommand, agent: AgentState | null): Decision<AgentEvent, AgentState> {
  const { agentId } = command;
  if (command.kind === 'EnrollAgent') {
    const { nkey, meshKeyThumbprint } = command;
    if (agent?.status === 'enrolled') {
      const same = agent.nkey === nkey && agent.meshKeyThumbprint === meshKeyThumbprint;
      return same ? { events: [], result: agent, warnings: [] } : new AgentEnrolledError(agentId);
    }
    const isRevoked = [nkey, meshKeyThumbprint].some((key) => agent?.revokedKeys.includes(key));
    if (isRevoked) return new AgentKeyRevokedError(agentId);
    return outcome(agent, { type: 'AgentEnrolled', data: { agentId, nkey, meshKeyThumbprint } });
  }
  if (agent === null) return new AgentNotFoundError(agentId);
  if (command.kind === 'RevokeAgent') {
    if (agent.status === 'revoked') return { events: [], result: agent, warnings: [] };
    return outcome(agent, { type: 'AgentRevoked', data: { reason: command.reason } });
  }
  if (agent.status === 'revoked') return new AgentRevokedError(agent);
  if (agent.nkey !== command.nkey) return new AgentKeyMismatchError(agentId);
  const { nkey, meshKeyThumbprint } = command;
  return outcome(agent, { type: 'AgentRenewed', data: { nkey, meshKeyThumbprint } });
}

function outcome(before: AgentState | null, event: AgentEvent): Decision<AgentEvent, AgentState> {
  return { events: [event], result: evolveAgent(before, event), warnings: [] };
}
