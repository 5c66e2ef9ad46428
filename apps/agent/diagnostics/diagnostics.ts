import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { DiagnoseReply, HeldReply, HeldRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { versionOf } from '#libs/data-plane/topology/held-network.js';
import { cutIntoParts } from '#libs/policy/snapshot-parts.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { runChecks } from './checks.js';
import { deniedNames } from './denied-names.js';
import { type DiagnosedAgent, recordOf } from './diagnosed-agent.js';
import { openFlows } from './open-flows.js';
import { runOutsideChecks } from './outside-checks.js';

/** Bytes of JSON in one answer, below what the bus carries at once. */
const PART_BYTES = 256 * 1_024;

/** A part of the snapshot that is in force here; null: there is none, or no such part. */
function heldPart(agent: DiagnosedAgent, { networkId, part: index }: HeldRequest): HeldReply['held'] {
  const held = agent.applied(networkId);
  if (held === null) return null;
  const parts = cutIntoParts(snapshotText(held.snapshot), PART_BYTES);
  const body = parts[index];
  return body === undefined ? null : { version: versionOf(held), part: { index, count: parts.length }, body };
}

/** Answers the control plane's questions about this agent. Errors: those of parseDiagnoseRequest. */
export async function diagnose(agent: DiagnosedAgent, message: unknown): Promise<DiagnoseReply> {
  const request = parseDiagnoseRequest(message);
  if (request.kind === 'checks') {
    return { protocol: BUS_PROTOCOL, kind: 'checks', ...(await runChecks(agent, request)) };
  }
  if (request.kind === 'outside-checks') {
    return { protocol: BUS_PROTOCOL, kind: 'checks', ...(await runOutsideChecks(agent, request)) };
  }
  if (request.kind === 'flows') {
    const { networkId } = request;
    return {
      protocol: BUS_PROTOCOL,
      kind: 'flows',
      ...openFlows(agent.flows.flows(), networkId, agent.view(networkId), agent.now().getTime()),
    };
  }
  if (request.kind === 'denied-names') {
    return { protocol: BUS_PROTOCOL, kind: 'denied-names', ...(await deniedNames(agent, request.networkId)) };
  }
  if (request.kind === 'held') return { protocol: BUS_PROTOCOL, kind: 'held', held: heldPart(agent, request) };
  return {
    protocol: BUS_PROTOCOL,
    kind: 'resolve',
    address: recordOf(agent, request)?.address ?? null,
    version: agent.applied(request.networkId)?.snapshot.version ?? null,
  };
}
