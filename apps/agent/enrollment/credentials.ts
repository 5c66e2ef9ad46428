import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { type MemberCredentials, parseMemberCredentials } from '#libs/member/credentials.js';

/** What the control plane issued to this agent, kept 0600 although it is secret only together with the keys. */
export interface AgentCredentials extends MemberCredentials {
  readonly agentId: AgentId;
  readonly storeId: string;
}

/** An answer of the control plane, or the agent's own file; throws InvalidInputError. */
export function parseCredentials(value: unknown): AgentCredentials {
  const fields = parseObject(value, 'credentials');
  return {
    ...parseMemberCredentials(fields),
    agentId: parseAgentId(fields.agentId, 'agentId'),
    storeId: textUpTo(128)(fields.storeId, 'storeId'),
  };
}
