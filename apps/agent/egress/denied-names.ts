import type { OutsideName, SandboxId } from '#libs/contracts/ids.js';

/** What a sandbox was refused, and how often while it was remembered. */
export interface DeniedName {
  readonly sandboxId: SandboxId;
  readonly name: OutsideName;
  /** null: a DNS query, which names no port. */
  readonly port: number | null;
  /** A FlowCode. */
  readonly reason: string;
  readonly count: number;
  readonly lastAtMs: number;
}

type Denial = Omit<DeniedName, 'lastAtMs'>;

/** Combinations of name, port and reason that are remembered for one sandbox. */
const KEPT_PER_SANDBOX = 50;
const KEPT_MS = 60 * 60_000;

/** Remembers what each sandbox of this host was recently refused, so that people see which name to allow. */
export class DeniedNames {
  private readonly ofSandboxes = new Map<SandboxId, Map<string, DeniedName>>();

  constructor(private readonly nowMs: () => number) {}

  record(denial: Denial): void {
    const { sandboxId, name, port, reason } = denial;
    const kept = this.ofSandboxes.get(sandboxId) ?? new Map<string, DeniedName>();
    this.ofSandboxes.set(sandboxId, kept);
    this.dropOld(kept);
    const key = `${name} ${port} ${reason}`;
    const before = kept.get(key)?.count ?? 0;
    if (before === 0 && kept.size >= KEPT_PER_SANDBOX) dropRarest(kept);
    // Inserted anew, so that of names with equal counts the oldest comes first.
    kept.delete(key);
    kept.set(key, { ...denial, count: before + denial.count, lastAtMs: this.nowMs() });
  }

  /** What these sandboxes were refused, the most frequent first. */
  of(isAsked: (sandboxId: SandboxId) => boolean): readonly DeniedName[] {
    const asked = [...this.ofSandboxes].filter(([sandboxId]) => isAsked(sandboxId)).map(([, kept]) => kept);
    for (const kept of asked) this.dropOld(kept);
    return asked.flatMap((kept) => [...kept.values()]).sort((one, other) => other.count - one.count);
  }

  forget(sandboxIds: readonly SandboxId[]): void {
    for (const sandboxId of sandboxIds) this.ofSandboxes.delete(sandboxId);
  }

  private dropOld(kept: Map<string, DeniedName>): void {
    const sinceMs = this.nowMs() - KEPT_MS;
    for (const [key, { lastAtMs }] of kept) {
      if (lastAtMs > sinceMs) break;
      kept.delete(key);
    }
  }
}

/** A sandbox that asks for many different names displaces such names, not those that it asks for repeatedly. */
function dropRarest(kept: Map<string, DeniedName>): void {
  let rarest: { readonly key: string; readonly count: number } | null = null;
  for (const [key, { count }] of kept) if (rarest === null || count < rarest.count) rarest = { key, count };
  if (rarest !== null) kept.delete(rarest.key);
}
