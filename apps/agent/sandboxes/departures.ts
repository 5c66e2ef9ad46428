import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';

/**
 * Sandboxes that were there before and are not now, are at another address, or were started anew: their flows lead
 * nowhere.
 */
export function departed(before: readonly SandboxReport[], now: readonly SandboxReport[]): readonly SandboxId[] {
  const places = new Map(now.map((report) => [report.sandboxId, placeOf(report)]));
  return before.flatMap((report) => (places.get(report.sandboxId) === placeOf(report) ? [] : [report.sandboxId]));
}

/** Those that are new, or are reported otherwise than before. */
export function changedReports(
  before: readonly SandboxReport[],
  now: readonly SandboxReport[],
): readonly SandboxReport[] {
  const known = new Map(before.map((report) => [report.sandboxId, stateOf(report)]));
  return now.filter((report) => known.get(report.sandboxId) !== stateOf(report));
}

function stateOf(report: SandboxReport): string {
  const { isolation, isolationEvidence, dns, dnsRemedy, namespace, paused } = report;
  return [placeOf(report), isolation, isolationEvidence, dns, dnsRemedy, namespace, paused].join(' ');
}

/** Another one when a sandbox has moved or was started anew. */
export function placeOf({ address, container }: SandboxReport): string {
  return [address, container?.id, container?.startedAt].join(' ');
}
