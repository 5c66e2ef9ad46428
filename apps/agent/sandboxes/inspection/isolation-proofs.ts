import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { placeOf } from '../departures.js';
import type { ForbiddenDials, Unseen } from './inspection.js';
import { type JudgedDials, judgeDials } from './judged-dials.js';

export interface IsolationProofsPorts {
  /** The driver's current reports. */
  readonly reports: () => readonly SandboxReport[];
  /** Dials from the sandbox what must fail. */
  readonly dial: (sandboxId: SandboxId, signal: AbortSignal) => Promise<Unseen | ForbiddenDials>;
  /** Called when `reports` changed for a sandbox. */
  readonly changed: () => void;
  readonly nowMs: () => number;
}

/** The last result for a sandbox, valid while it stays at the same place. */
interface Proof {
  readonly place: string;
  readonly atMs: number;
  readonly judged: JudgedDials;
  /** It was found for many sandboxes at once, by one program. */
  readonly isShared: boolean;
}

/** How long a result is valid. */
const AGAIN_MS = 60_000;
/**
 * Added for each sandbox, so that results of many sandboxes last longer: each check starts a program, and 20 a minute
 * are enough.
 */
const AGAIN_EACH_MS = 3_000;
const FEW = AGAIN_MS / AGAIN_EACH_MS;
/** A sandbox found broken is checked again after this time. */
const BROKEN_AGAIN_MS = 5_000;
/** Pause between two checks. */
const PACE_MS = 250;
/** As PACE_MS, between checks that cover many sandboxes. */
const PACE_OF_MANY_MS = 1_500;
const DIALS_WITHIN_MS = 5_000;
/** New evidence about sandboxes that are still enforced is reported together, within this time. */
const TELL_WITHIN_MS = 5_000;

/**
 * Checks by dials that must fail whether sandboxes are isolated: each when it comes, and again every minute. The
 * driver's rules are checked elsewhere; this finds ways around rules that are in force.
 */
export class IsolationProofs {
  private readonly proofs = new Map<SandboxId, Proof>();
  private readonly closing = new AbortController();
  private readonly proving = new WokenWork(() => this.proveNext());
  private lastMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  private telling: NodeJS.Timeout | null = null;

  constructor(private readonly ports: IsolationProofsPorts) {}

  /** The driver's reports, with the results: `broken` if a dial that must fail succeeded. */
  reports(): readonly SandboxReport[] {
    return this.ports.reports().map((report) => withProof(report, this.proofs.get(report.sandboxId)));
  }

  /** Checks sandboxes that have come. */
  sandboxesChanged(): void {
    const present = new Map(this.ports.reports().map((report) => [report.sandboxId, report]));
    for (const [sandboxId, { judged }] of this.proofs) {
      const report = present.get(sandboxId);
      // What one reached that the driver does not isolate says nothing of it once the driver does again.
      const isOutdated = judged.kind === 'reached' && report?.isolation !== 'enforced';
      if (report === undefined || isOutdated) this.proofs.delete(sandboxId);
    }
    this.wake();
  }

  async close(): Promise<void> {
    this.closing.abort();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.telling !== null) clearTimeout(this.telling);
    await this.proving.idle();
  }

  private wake(): void {
    if (!this.closing.signal.aborted) this.proving.wake();
  }

  private async proveNext(): Promise<void> {
    const { signal } = this.closing;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const next = nextDue(this.ports.reports(), this.proofs, this.lastMs);
    if (next === null || signal.aborted) return;
    const waitMs = next.atMs - this.ports.nowMs();
    if (waitMs > PACE_MS) {
      this.timer = setTimeout(() => this.wake(), waitMs);
      this.timer.unref();
      return;
    }
    await rest(Math.max(0, waitMs), signal);
    if (!signal.aborted) await this.prove(next.report);
    this.wake();
  }

  private async prove(report: SandboxReport): Promise<void> {
    const { sandboxId } = report;
    const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(DIALS_WITHIN_MS)]);
    const dials = await this.ports.dial(sandboxId, signal).catch((error: unknown): Unseen => {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: 'unseen', reason };
    });
    if (this.closing.signal.aborted) return;
    this.lastMs = this.ports.nowMs();
    const madeFor = dials.kind === 'dialled' ? dials.madeFor : null;
    let isOther = false;
    for (const each of this.ports.reports()) {
      const isMeant = each.sandboxId === sandboxId ? placeOf(each) === placeOf(report) : madeFor?.has(each.address);
      if (!isMeant || each.isolation !== 'enforced') continue;
      if (this.take(each, judgeDials(each.sandboxId, dials), madeFor !== null)) isOther = true;
    }
    if (isOther) this.tell();
  }

  /** Returns whether the sandbox's isolation changed. */
  private take(report: SandboxReport, judged: JudgedDials, isShared: boolean): boolean {
    const before = withProof(report, this.proofs.get(report.sandboxId));
    const proof = { place: placeOf(report), atMs: this.lastMs, judged, isShared };
    this.proofs.set(report.sandboxId, proof);
    const after = withProof(report, proof);
    if (before.isolation !== after.isolation) return true;
    if (before.isolationEvidence !== after.isolationEvidence) this.tellLater();
    return false;
  }

  private tell(): void {
    if (this.telling !== null) clearTimeout(this.telling);
    this.telling = null;
    this.ports.changed();
  }

  private tellLater(): void {
    this.telling ??= setTimeout(() => this.tell(), TELL_WITHIN_MS);
    this.telling.unref();
  }
}

/**
 * The sandbox to check next, and when; null: there is none. First come sandboxes that were not checked at their place,
 * then those whose result expires first. `lastMs`: the time of the last result.
 */
export function nextDue(
  reports: readonly SandboxReport[],
  proofs: ReadonlyMap<SandboxId, Proof>,
  lastMs: number,
): { readonly report: SandboxReport; readonly atMs: number } | null {
  const tried = reports.filter(({ isolation }) => isolation === 'enforced');
  const againMs = Math.max(AGAIN_MS, tried.length * AGAIN_EACH_MS);
  const paceMs = tried.length > FEW ? PACE_OF_MANY_MS : PACE_MS;
  let next: { readonly report: SandboxReport; readonly endsMs: number } | null = null;
  for (const report of tried) {
    const proof = proofs.get(report.sandboxId);
    if (proof === undefined || proof.place !== placeOf(report)) return { report, atMs: lastMs + PACE_MS };
    const holdsMs = proof.isShared ? AGAIN_MS : againMs;
    const endsMs = proof.atMs + (proof.judged.kind === 'reached' ? BROKEN_AGAIN_MS : holdsMs);
    if (next === null || endsMs < next.endsMs) next = { report, endsMs };
  }
  return next === null ? null : { report: next.report, atMs: Math.max(next.endsMs, lastMs + paceMs) };
}

/** If the driver itself does not report a sandbox as isolated, its report is kept. */
function withProof(report: SandboxReport, proof: Proof | undefined): SandboxReport {
  if (report.isolation !== 'enforced' || proof === undefined || proof.place !== placeOf(report)) return report;
  const { judged } = proof;
  if (judged.kind !== 'reached') return { ...report, isolationEvidence: judged.evidence };
  const { evidence, remedy } = judged;
  return { ...report, isolation: 'broken', isolationEvidence: evidence, isolationRemedy: remedy };
}
