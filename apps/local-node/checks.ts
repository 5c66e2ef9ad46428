import { parseDiagnoseRequest } from '#libs/contracts/agent-messages.js';
import { BUS_PROTOCOL, type Check, type DiagnoseReply, type MeshState } from '#libs/contracts/bus-messages.js';
import { evaluate } from '#libs/topology/evaluate.js';
import type { FlowSource, NetworkView } from '#libs/topology/model.js';

export interface DiagnosedNode {
  readonly mesh: MeshState;
  /** What the flow engine decides with. */
  readonly view: NetworkView | null;
  readonly source: Extract<FlowSource, { kind: 'local' }>;
}

/** What this machine sees of itself, in the order traffic meets it. Throws ProtocolUnsupportedError, InvalidInputError. */
export function runLocalChecks({ mesh, view, source }: DiagnosedNode, message: unknown): DiagnoseReply {
  const request = parseDiagnoseRequest(message);
  if (request.kind === 'resolve') {
    return { protocol: BUS_PROTOCOL, kind: 'resolve', address: null, version: view?.version ?? null };
  }
  const { alias, port, version } = request;
  const record = view?.aliases.get(alias);
  const agentId = record === undefined ? null : (view?.sandboxes.get(record.sandboxId)?.agentId ?? null);
  const effect = view === null ? null : evaluate(view, { source, alias, port }).effect;
  const retry = 'wait a moment and test again; see `gstacks mesh status`';
  const checks: Check[] = [
    check(
      'MESH_JOINED',
      mesh.state === 'joined',
      `local node ${source.node}: ${mesh.state} by ${mesh.transport}`,
      retry,
    ),
    check(
      'TOPOLOGY_APPLIED',
      view !== null && view.version >= version,
      view === null
        ? 'no topology has arrived yet'
        : `version ${view.version} is applied; the control plane has ${version}`,
      retry,
    ),
    {
      code: 'DNS_LOADED',
      status: 'skipped',
      evidence: 'a local node forwards ports and answers no DNS',
      remedy: null,
    },
    check(
      'ROUTE_PRESENT',
      agentId !== null,
      agentId === null
        ? `${alias}:${port} is not among what this user may reach`
        : `${alias} is reached at agent ${agentId}`,
      'see the policy check',
    ),
    check('POLICY', effect === 'allow', `this machine decides: ${effect ?? 'nothing yet'}`, 'see the reason above'),
  ];
  return { protocol: BUS_PROTOCOL, kind: 'checks', checks };
}

function check(code: Check['code'], isWell: boolean, evidence: string, remedy: string): Check {
  return isWell ? { code, status: 'pass', evidence, remedy: null } : { code, status: 'fail', evidence, remedy };
}
