import type { AgentId } from '#libs/contracts/ids.js';
import type { Aggregate } from '../aggregate.js';
import { type AgentCommand, decideAgent } from './decide.js';
import type { AgentEvent } from './events.js';
import { AGENT_SCHEMAS } from './events.js';
import { type AgentState, evolveAgent } from './state.js';

export const AGENT: Aggregate<AgentId, AgentState, AgentEvent, AgentCommand> = {
  prefix: 'agent-',
  schemas: AGENT_SCHEMAS,
  evolve: evolveAgent,
  decide: decideAgent,
};
