import type { SandboxDto } from '#libs/api-client/generated/index.js';

type Placement = Pick<SandboxDto, 'agentId' | 'formerAgentId' | 'pinnedTo'>;

/** `host-b (before: host-a; pinned)`: its agent, its former agent, and its pin. */
export function agentText({ agentId, formerAgentId, pinnedTo }: Placement): string {
  const notes = [
    formerAgentId === null ? null : `before: ${formerAgentId}`,
    pinnedTo === null ? null : pinnedTo === agentId ? 'pinned' : `pinned to ${pinnedTo}`,
  ].filter((note) => note !== null);
  return `${agentId ?? 'no agent'}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}

/** `RUNNING, conflict`: whether other agents report it too. */
export function statusText({ status, conflicts }: Pick<SandboxDto, 'status' | 'conflicts'>): string {
  return conflicts.length === 0 ? status : `${status}, conflict`;
}

export function conflictLines({ conflicts }: Pick<SandboxDto, 'conflicts'>): readonly string[] {
  return conflicts.flatMap(({ code, message, remedy }) => [
    `conflict: ${message} (${code})`,
    ...(remedy === null ? [] : [`next: ${remedy}`]),
  ]);
}
