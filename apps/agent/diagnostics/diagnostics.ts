import { parseDiagnoseRequest } from '#libs/contracts/agent-messages.js';
import { BUS_PROTOCOL, type DiagnoseReply, type HeldReply, type HeldRequest } from '#libs/contracts/bus-messages.js';
import { versionOf } from '#libs/data-plane/topology/held-network.js';
import { cutIntoParts } from '#libs/policy/snapshot-parts.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { runChecks } from './checks.js';
import { type DiagnosedHost, recordOf } from './diagnosed-host.js';

/** Bytes of JSON in one answer, below what the bus carries at once. */
const PART_BYTES = 256 * 1_024;

/** A part of the snapshot that is in force here; null: there is none, or no such part. */
function heldPart(host: DiagnosedHost, { networkId, part: index }: HeldRequest): HeldReply['held'] {
  const held = host.applied(networkId);
  if (held === null) return null;
  const parts = cutIntoParts(snapshotText(held.snapshot), PART_BYTES);
  const body = parts[index];
  return body === undefined ? null : { version: versionOf(held), part: { index, count: parts.length }, body };
}

/** Answers the control plane's questions about this host. Errors: those of parseDiagnoseRequest. */
export async function diagnose(host: DiagnosedHost, message: unknown): Promise<DiagnoseReply> {
  const request = parseDiagnoseRequest(message);
  if (request.kind === 'checks') {
    return { protocol: BUS_PROTOCOL, kind: 'checks', ...(await runChecks(host, request)) };
  }
  if (request.kind === 'held') return { protocol: BUS_PROTOCOL, kind: 'held', held: heldPart(host, request) };
  return {
    protocol: BUS_PROTOCOL,
    kind: 'resolve',
    address: recordOf(host, request)?.address ?? null,
    version: host.applied(request.networkId)?.snapshot.version ?? null,
  };
}
