import type { AppliedDto } from '#libs/api-client/generated/index.js';
import { EXIT } from './errors/exit-codes.js';

/** What `--wait` could prove, as lines for people, and the exit code that says so. */
export interface Proof {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

type Applied = Pick<AppliedDto, 'confirmed' | 'expected' | 'elapsedMs' | 'flowsCut' | 'supersededBy'> & {
  readonly agents: readonly Pick<AppliedDto['agents'][number], 'agentId' | 'status' | 'appliedVersion' | 'reason'>[];
};

/** Proven means that every agent that takes part acknowledged exactly this version. */
export function proofOf(applied: Applied): Proof {
  const { confirmed, expected, elapsedMs, flowsCut, supersededBy } = applied;
  if (supersededBy !== null) return { lines: [`superseded by ${supersededBy}`], exitCode: EXIT.unknown };
  const cut = `${flowsCut} open ${flowsCut === 1 ? 'connection' : 'connections'} cut`;
  return judged(`applied by ${confirmed}/${expected} agents in ${elapsedMs} ms; ${cut}`, applied);
}

/** What a write that wrote nothing has to say: since when it is so; null: it wrote something. */
export function claimOf(write: { readonly changed: boolean; readonly unchangedSince: number | null }): string | null {
  if (write.changed) return null;
  return write.unchangedSince === null ? 'already so' : `already so since version ${write.unchangedSince}`;
}

/** Proven means that every agent that takes part follows the version that the write found. It cut no connection. */
export function proofOfUnchanged(claim: string, held: Applied): Proof {
  const { confirmed, expected, supersededBy } = held;
  if (supersededBy !== null) return { lines: [`${claim}; superseded by ${supersededBy}`], exitCode: EXIT.unknown };
  return judged(`${claim}; proven by ${confirmed}/${expected} agents`, held);
}

function judged(summary: string, { confirmed, expected, agents }: Applied): Proof {
  if (confirmed >= expected) return { lines: [summary], exitCode: EXIT.ok };
  const others = agents.filter(({ status }) => status !== 'SYNCED');
  return { lines: [summary, ...others.map(describeAgent)], exitCode: EXIT.unknown };
}

function describeAgent(agent: Applied['agents'][number]): string {
  const version = agent.appliedVersion === null ? 'no version applied' : `at version ${agent.appliedVersion}`;
  const reason = agent.reason === null ? '' : `: ${agent.reason}`;
  return `${agent.agentId}: ${agent.status}, ${version}${reason}`;
}
