import { parseDiagnoseRequest } from '#libs/contracts/agent-messages.js';
import {
  BUS_PROTOCOL,
  type Check,
  type DiagnoseReply,
  type DiagnoseRequest,
  type MeshState,
} from '#libs/contracts/bus-messages.js';
import type { LocalNodeId } from '#libs/contracts/ids.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';

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
  // Nobody compares a machine's view with the store.
  if (request.kind === 'held') return { protocol: BUS_PROTOCOL, kind: 'held', held: null };
  const checks = [
    checkMesh(mesh, source.node),
    checkApplied(view, request.version),
    skipped('DNS_LOADED', 'a local node forwards ports and answers no DNS'),
    checkRoute(view, request),
    checkPolicy(view, source, request),
  ];
  return { protocol: BUS_PROTOCOL, kind: 'checks', checks };
}

type Question = Pick<Extract<DiagnoseRequest, { kind: 'checks' }>, 'alias' | 'port'>;

const RETRY = 'wait a moment and test again; see `gstacks mesh status` on that machine';

function checkMesh({ state, transport, code, message }: MeshState, node: LocalNodeId): Check {
  if (state === 'joined') return pass('MESH_JOINED', `local node ${node} has joined by ${transport}`);
  const reason = code === null ? '' : ` (${code}): ${message ?? 'no reason given'}`;
  return fail('MESH_JOINED', `local node ${node}: ${state}${reason}`, RETRY);
}

function checkApplied(view: NetworkView | null, current: number): Check {
  if (view === null) return fail('TOPOLOGY_APPLIED', 'no topology has arrived yet', RETRY);
  if (view.version >= current) return pass('TOPOLOGY_APPLIED', `version ${view.version} is applied`);
  return fail('TOPOLOGY_APPLIED', `version ${view.version} is applied; the control plane has ${current}`, RETRY);
}

/** Only what the user may reach is known here: of anything else, the policy is what there is to say. */
function checkRoute(view: NetworkView | null, { alias, port }: Question): Check {
  const record = view?.aliases.get(alias);
  if (record === undefined || !record.ports.some(({ published }) => published === port)) {
    return skipped('ROUTE_PRESENT', `${alias}:${port} is not among what this user may reach`);
  }
  const agentId = view?.sandboxes.get(record.sandboxId)?.agentId ?? null;
  if (agentId !== null) return pass('ROUTE_PRESENT', `${alias}:${port} is reached at agent ${agentId}`);
  const remedy = `see \`gstacks sandbox show ${record.sandboxId}\``;
  return fail('ROUTE_PRESENT', `no agent holds ${record.sandboxId}, which publishes ${alias}`, remedy);
}

function checkPolicy(view: NetworkView | null, source: DiagnosedNode['source'], { alias, port }: Question): Check {
  if (view === null) return fail('POLICY', 'no policy has arrived yet', RETRY);
  const decided = `local:${source.user} to ${alias}:${port}, by version ${view.version}`;
  if (evaluate(view, { source, alias, port }).effect === 'allow') return pass('POLICY', `allowed: ${decided}`);
  return fail('POLICY', `not allowed: ${decided}`, `gstacks network policy list ${view.name}`);
}

function pass(code: Check['code'], evidence: string): Check {
  return { code, status: 'pass', evidence, remedy: null };
}

function fail(code: Check['code'], evidence: string, remedy: string): Check {
  return { code, status: 'fail', evidence, remedy };
}

function skipped(code: Check['code'], evidence: string): Check {
  return { code, status: 'skipped', evidence, remedy: null };
}
