import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxDto } from '#libs/contracts/http/sandboxes.js';
import type { AgentStatus } from '#libs/contracts/statuses.js';

/** When a sandbox's agent was last in contact, and whether it is now. */
export interface Hearing {
  readonly status: AgentStatus;
  /** null: never. */
  readonly lastContactAt: Date | null;
}

type Said = 'isolation' | 'isolationEvidence' | 'isolationRemedy' | 'source' | 'dns' | 'dnsRemedy';

export type SandboxCondition = Pick<SandboxDto, Said | 'lastKnown'>;

export const NOT_KNOWN: SandboxCondition = {
  ...{ isolation: null, isolationEvidence: null, isolationRemedy: null, source: null },
  ...{ dns: 'unknown', dnsRemedy: null },
  lastKnown: null,
};

/** The report of a sandbox's agent; if the agent is not in contact, its last report is shown separately. */
export function sandboxCondition(report: SandboxReport | null, hearing: Hearing, now: Date): SandboxCondition {
  if (report === null) return NOT_KNOWN;
  const { isolation, isolationEvidence, isolationRemedy, source, dns, dnsRemedy } = report;
  const said = { isolation, isolationEvidence, isolationRemedy, source, dns, dnsRemedy };
  const { status, lastContactAt } = hearing;
  if (status === 'ONLINE') return { ...said, lastKnown: null };
  if (lastContactAt === null) return NOT_KNOWN;
  const secondsAgo = Math.max(0, Math.floor((now.getTime() - lastContactAt.getTime()) / 1_000));
  return { ...NOT_KNOWN, lastKnown: { ...said, at: lastContactAt.toISOString(), secondsAgo } };
}
