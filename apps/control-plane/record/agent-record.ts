import { AGENT } from '#libs/domain/agent/aggregate.js';
import { type AgentState, evolveAgent } from '#libs/domain/agent/state.js';
import { eventOf } from '#libs/domain/aggregate.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

/** One agent according to the log: its state, and what queries need besides. */
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
  const { enrolledAt, voidKeys } = before ?? { enrolledAt: stored.recordedAt, voidKeys: new Map<string, Date>() };
  switch (event.type) {
    case 'AgentEnrolled':
      return { state, enrolledAt: stored.recordedAt, voidKeys };
    case 'AgentRenewed':
      return { state, enrolledAt, voidKeys };
    case 'AgentRevoked':
      return { state, enrolledAt, voidKeys: new Map(voidKeys).set(state.nkey, new Date(stored.recordedAt)) };
  }
}
