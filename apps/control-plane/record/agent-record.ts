import { AGENT } from '#libs/domain/agent/aggregate.js';
import { type AgentState, evolveAgent } from '#libs/domain/agent/state.js';
import { eventOf } from '#libs/domain/aggregate.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

/** One agent as the log tells it, with what reading needs beyond deciding. */
export interface AgentRecord {
  readonly state: AgentState;
  readonly enrolledAt: string;
  /** Every key that was revoked, and when. */
  readonly voidKeys: ReadonlyMap<string, Date>;
}

/** The record after one more event. Throws EventUnknownError. */
export function nextAgentRecord(before: AgentRecord | null, stored: StoredEvent): AgentRecord {
  const event = eventOf(AGENT, stored);
  const state = evolveAgent(before?.state ?? null, event);
  const enrolledAt = event.type === 'AgentEnrolled' || before === null ? stored.recordedAt : before.enrolledAt;
  const voidKeys =
    event.type === 'AgentRevoked'
      ? new Map(before?.voidKeys).set(state.nkey, new Date(stored.recordedAt))
      : (before?.voidKeys ?? new Map<string, Date>());
  return { state, enrolledAt, voidKeys };
}
