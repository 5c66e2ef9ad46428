import type { ProbeOutcome } from '#libs/data-plane/data-plane.js';
import type { Look } from './standing.js';

/** Refusals because the target cannot be reached, not because of the policy. */
const NO_WAY = /^(TARGET|PEER|MESH|CONNECT)_/;

/** What a probe shows about a forward. */
export function lookOf(outcome: ProbeOutcome): Look {
  switch (outcome.kind) {
    case 'taken':
      return { kind: 'taken' };
    case 'not known there':
      return { kind: 'reached', agentId: outcome.agentId };
    case 'refused there': {
      const { agentId, code, message } = outcome;
      if (!NO_WAY.test(code)) return { kind: 'refused', by: agentId, code };
      return { kind: 'unreachable', code, message: `agent ${agentId}: ${message}` };
    }
    case 'refused here': {
      const { code } = outcome;
      if (!NO_WAY.test(code)) return { kind: 'refused', by: null, code };
      return { kind: 'unreachable', code, message: "no address of the target's agent is known" };
    }
    case 'unreachable':
      return { kind: 'unreachable', code: outcome.code, message: `agent ${outcome.agentId}: ${outcome.message}` };
  }
}
