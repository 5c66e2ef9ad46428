import type { SandboxId } from '#libs/contracts/ids.js';
import type { Aggregate } from '../aggregate.js';
import { decideSandbox, type SandboxCommand } from './decide.js';
import type { SandboxEvent } from './events.js';
import { SANDBOX_SCHEMAS } from './events.js';
import { evolveSandbox, type SandboxState } from './state.js';

export const SANDBOX: Aggregate<SandboxId, SandboxState, SandboxEvent, SandboxCommand> = {
  prefix: 'sandbox-',
  schemas: SANDBOX_SCHEMAS,
  evolve: evolveSandbox,
  decide: decideSandbox,
};
