import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';

/** Sandboxes that are gone, have another address, or were restarted since `before`: their flows lead nowhere. */
export function departed(before: readonly SandboxReport[], now: readonly SandboxReport[]): readonly SandboxId[] {
  const places = new Map(now.map((report) => [report.sandboxId, placeOf(report)]));
  return before.flatMap((report) => (places.get(report.sandboxId) === placeOf(report) ? [] : [report.sandboxId]));
}

/** Reports that are new or changed. */
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

/** Differs after a sandbox has moved or was restarted. */
export function placeOf({ address, container }: SandboxReport): string {
  return [address, container?.id, container?.startedAt].join(' ');
}
