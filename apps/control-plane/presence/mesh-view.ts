import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import type { AgentStatus, LocalNodeStatus } from '#libs/contracts/statuses.js';

/** What a node last reported about itself. */
export interface MeshReport {
  readonly mesh: MeshState | null;
  readonly lastContactAt: Date;
}

/**
 * A node's state in the mesh, as far as it is known now; null: it never reported one. Its status is not sufficient: a
 * node counts as ONLINE for longer than a restart takes.
 */
export function meshView(
  report: MeshReport | null,
  status: AgentStatus | LocalNodeStatus,
  now: Date,
): MeshStateDto | null {
  if (report === null || report.mesh === null) return null;
  const silentMs = Math.max(0, now.getTime() - report.lastContactAt.getTime());
  if (status === 'ONLINE' && silentMs <= KNOWN_FOR_MS) return { ...report.mesh, lastKnown: null };
  const { transport, ...last } = report.mesh;
  return {
    ...{ transport, state: 'unknown', code: null, message: null, endpoints: [] },
    lastKnown: { ...last, at: report.lastContactAt.toISOString(), secondsAgo: Math.floor(silentMs / 1_000) },
  };
}
