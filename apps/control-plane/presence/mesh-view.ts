import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import type { AgentStatus, LocalNodeStatus } from '#libs/contracts/statuses.js';

/** What a node said of itself last. */
export interface MeshReport {
  readonly mesh: MeshState | null;
  readonly lastContactAt: Date;
}

/**
 * How a node stands in the mesh, as far as that is known now; null: it never said. Its status alone does not do: a node
 * is ONLINE for longer than it takes it to start again.
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
