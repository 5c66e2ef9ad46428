import { CHECKS_WITHIN_MS, type Check, fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { DiagnoseReply, DiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FlowEngine } from '#libs/data-plane/data-plane.js';
import { checkMeshJoined } from '#libs/data-plane/diagnostics/mesh-joined.js';
import { checkPeerReached } from '#libs/data-plane/diagnostics/peer-reached.js';
import { checkTopologyApplied } from '#libs/data-plane/diagnostics/topology-applied.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';

export interface DiagnosedNode {
  readonly mesh: MeshState;
  /** The certificate shown to peers, PEM. */
  readonly certificate: string;
  readonly now: Date;
  readonly held: HeldNetwork | null;
  /** What the flow engine decides with. */
  readonly view: NetworkView | null;
  readonly source: Extract<FlowSource, { kind: 'local' }>;
  readonly probe: FlowEngine['probe'];
  readonly endpointsOf: (agentId: AgentId) => readonly string[];
}

/**
 * What this machine sees of itself, in the order traffic meets it. Rejects with ProtocolUnsupportedError,
 * InvalidInputError.
 */
export async function runLocalChecks(node: DiagnosedNode, message: unknown): Promise<DiagnoseReply> {
  const { mesh, certificate, now, held, view, source } = node;
  const request = parseDiagnoseRequest(message);
  if (request.kind === 'resolve') {
    return { protocol: BUS_PROTOCOL, kind: 'resolve', address: null, version: view?.version ?? null };
  }
  // Nobody compares a machine's view with the store.
  if (request.kind === 'held') return { protocol: BUS_PROTOCOL, kind: 'held', held: null };
  // No agent's: what a machine opens, the target's agent carries and counts.
  if (request.kind === 'outside-checks' || request.kind === 'denied-names') {
    throw new InvalidInputError(
      'kind',
      request.kind,
      'a question about an alias: a local node reaches no names outside',
    );
  }
  if (request.kind === 'flows') return { protocol: BUS_PROTOCOL, kind: 'flows', pairs: [], leftOut: 0 };
  const checks = [
    checkMeshJoined(mesh, certificate, now),
    checkTopologyApplied(held, request),
    skipped('DNS_LOADED', 'a local node forwards ports and answers no DNS'),
    checkRoute(view, request),
    checkPolicy(view, source, request, now),
    skipped('USES_AGENT_DNS', 'a local node forwards ports and needs no DNS'),
    await checkPeer(node, request),
    skipped('ISOLATED', 'a local node is a developer’s machine, which is not isolated'),
  ];
  return { protocol: BUS_PROTOCOL, kind: 'checks', checks, effect: effectOf(view, source, request, now) };
}

type Question = Pick<Extract<DiagnoseRequest, { kind: 'checks' }>, 'networkId' | 'alias' | 'port'>;

/** Only what the user may reach is known here: of anything else, the policy is what there is to say. */
function checkRoute(view: NetworkView | null, { alias, port }: Question): Check {
  const record = view?.aliases.get(alias);
  if (record === undefined || !record.ports.some(({ published }) => published === port)) {
    return skipped('ROUTE_PRESENT', `${alias}:${port} is not published, or this user may not reach it`);
  }
  const agentId = view?.sandboxes.get(record.sandboxId)?.agentId ?? null;
  if (agentId !== null) return pass('ROUTE_PRESENT', `${alias}:${port} is reached through agent ${agentId}`);
  const remedy = `see \`gstacks sandbox show ${record.sandboxId}\``;
  return fail('ROUTE_PRESENT', `no agent holds ${record.sandboxId}, which publishes ${alias}`, remedy);
}

function checkPolicy(view: NetworkView | null, source: DiagnosedNode['source'], question: Question, now: Date): Check {
  if (view === null) {
    return fail('POLICY', 'no policy has arrived yet', 'wait a moment; see `gstacks mesh status` on that machine');
  }
  const { alias, port } = question;
  const decided = `local:${source.user} to ${alias}:${port}, by version ${view.version}`;
  if (effectOf(view, source, question, now) === 'allow') return pass('POLICY', `allowed: ${decided}`);
  return fail('POLICY', `not allowed: ${decided}`, `gstacks network policy list ${view.name}`);
}

function effectOf(view: NetworkView | null, source: DiagnosedNode['source'], { alias, port }: Question, now: Date) {
  return view === null ? null : evaluate(view, { source, alias, port }, now.getTime()).effect;
}

function checkPeer({ view, source, probe, endpointsOf }: DiagnosedNode, question: Question): Promise<Check> {
  const { networkId, alias, port } = question;
  const network = view?.name ?? networkId;
  const signal = AbortSignal.timeout(CHECKS_WITHIN_MS);
  return checkPeerReached(
    {
      ...{ network, self: null, endpointsOf, monotonicMs: () => performance.now() },
      probe: (from) => probe({ networkId, alias, port, source: from }, signal),
    },
    [source],
  );
}
