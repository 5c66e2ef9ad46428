import type { Check, CheckCode, DiagnoseRequest, MeshState } from '#libs/contracts/bus-messages.js';
import type { AgentId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { Route, SandboxDirectory } from '#libs/data-plane/data-plane.js';
import type { DnsZone } from '#libs/data-plane/dns/zone.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import type { NetworkView, SelectorVerdict } from '#libs/policy/model.js';

export type ChecksRequest = Extract<DiagnoseRequest, { kind: 'checks' }>;

/** Where the checks look: the very things that carry traffic. */
export interface DiagnosedHost {
  readonly agentId: AgentId;
  readonly mesh: () => MeshState;
  readonly applied: (networkId: NetworkId) => HeldNetwork | null;
  /** What the flow engine decides with. */
  readonly view: (networkId: NetworkId) => NetworkView | null;
  readonly failureOf: (networkId: NetworkId, alias: string) => string | null;
  readonly zone: () => DnsZone | null;
  /** Asked of the DNS worker itself; null: it does not answer. */
  readonly dnsRevision: () => Promise<number | null>;
  /** Sends a query to a DNS listener; the answer's code, or null without one. */
  readonly queryDns: (name: string) => Promise<{ readonly listener: string; readonly answer: string | null } | null>;
  readonly routes: () => readonly Route[];
  readonly isListening: (route: Route) => Promise<boolean>;
  readonly sandboxes: Pick<SandboxDirectory, 'addressOf'>;
  readonly endpointsOf: (agentId: AgentId) => readonly string[];
}

/** The checks in the order traffic meets them; each says what was seen, and what to do when it is not well. */
export async function runChecks(host: DiagnosedHost, request: ChecksRequest): Promise<readonly Check[]> {
  return [
    checkMesh(host.mesh()),
    checkApplied(host.applied(request.networkId), request.version),
    await checkDns(host, request),
    await checkRoute(host, request),
    checkPolicy(host.view(request.networkId), request),
  ];
}

function checkMesh(mesh: MeshState): Check {
  if (mesh.state === 'joined') {
    return pass('MESH_JOINED', `joined by ${mesh.transport} at ${mesh.endpoints.join(', ')}`);
  }
  const evidence = `${mesh.state}${mesh.code === null ? '' : ` (${mesh.code})`}: ${mesh.message ?? 'no reason given'}`;
  return fail('MESH_JOINED', evidence, 'set the mesh variables of the agent and start it again');
}

function checkApplied(applied: HeldNetwork | null, current: number): Check {
  if (applied === null || !applied.snapshot.participates) {
    return fail(
      'TOPOLOGY_APPLIED',
      `nothing of this network is applied; the control plane has version ${current}`,
      'attach a sandbox of this host, or wait for the agent to be in contact',
    );
  }
  const { version } = applied.snapshot;
  if (version < current) {
    const remedy = "wait a moment and test again; if it stays, read the agent's log";
    return fail('TOPOLOGY_APPLIED', `version ${version} is applied; the control plane has ${current}`, remedy);
  }
  return pass('TOPOLOGY_APPLIED', `version ${version} is applied`);
}

async function checkDns(host: DiagnosedHost, { networkId, alias }: ChecksRequest): Promise<Check> {
  const applied = host.applied(networkId);
  const zone = host.zone();
  const records = zone?.networks.find(({ name }) => name === applied?.snapshot.name)?.records;
  const record = records?.find((candidate) => candidate.alias === alias);
  if (zone === null || record === undefined) {
    const reason = host.failureOf(networkId, alias);
    const evidence = reason === null ? `there is no record for ${alias} here` : `no record for ${alias}: ${reason}`;
    return fail('DNS_LOADED', evidence, 'check the name of the alias with `gstacks network alias list`');
  }
  const served = await host.dnsRevision();
  if (served === null) {
    return fail('DNS_LOADED', 'the DNS worker does not answer', "it is started again by itself; read the agent's log");
  }
  if (served < zone.revision) {
    const evidence = `the DNS worker serves revision ${served}, the record is of revision ${zone.revision}`;
    return fail('DNS_LOADED', evidence, 'wait a moment and test again');
  }
  const name = `${alias}.${applied?.snapshot.name}.gstacks`;
  const query = await host.queryDns(name);
  if (query === null) return fail('DNS_LOADED', 'no DNS listener is open', 'give this host a sandbox');
  if (query.answer === null) {
    const remedy = `check that nothing else uses ${query.listener}, and read the agent's log`;
    return fail('DNS_LOADED', `${query.listener} does not answer queries`, remedy);
  }
  return pass(
    'DNS_LOADED',
    `${name} is ${record.address} in revision ${served}; ${query.listener} answers (${query.answer})`,
  );
}

async function checkRoute(host: DiagnosedHost, request: ChecksRequest): Promise<Check> {
  const view = host.view(request.networkId);
  const target = view?.aliases.get(request.alias);
  if (view === null || target === undefined) {
    return fail('ROUTE_PRESENT', `${request.alias} is not published in the version here`, publishRemedy(request));
  }
  if (!target.ports.some(({ published }) => published === request.port)) {
    const ports = target.ports.map(({ published }) => published).join(', ');
    return fail('ROUTE_PRESENT', `${request.alias} publishes ${ports}, not ${request.port}`, publishRemedy(request));
  }
  const agentId = view.sandboxes.get(target.sandboxId)?.agentId ?? null;
  return request.role === 'target'
    ? checkTarget(host, request, target.sandboxId, agentId)
    : checkSource(host, request, target.sandboxId, agentId);
}

function checkTarget(
  host: DiagnosedHost,
  request: ChecksRequest,
  sandboxId: SandboxId,
  agentId: AgentId | null,
): Check {
  const address = host.sandboxes.addressOf(sandboxId);
  if (agentId !== host.agentId || address === null) {
    const evidence = `${sandboxId} is not on this host now`;
    return fail('ROUTE_PRESENT', evidence, `start ${sandboxId}, or see where it is with \`gstacks sandbox list\``);
  }
  return pass('ROUTE_PRESENT', `${request.alias}:${request.port} leads to ${sandboxId} at ${address}`);
}

async function checkSource(
  host: DiagnosedHost,
  request: ChecksRequest,
  sandboxId: SandboxId,
  agentId: AgentId | null,
): Promise<Check> {
  const { networkId, alias, port } = request;
  const route = host.routes().find((one) => one.networkId === networkId && one.alias === alias && one.port === port);
  if (route === undefined || !(await host.isListening(route))) {
    const reason = host.failureOf(networkId, alias) ?? 'its proxy listener is not open';
    return fail('ROUTE_PRESENT', `${alias}:${port}: ${reason}`, "read the agent's log, or `gstacks network status`");
  }
  const listener = `${route.address}:${route.port} is open`;
  if (agentId === host.agentId) return pass('ROUTE_PRESENT', `${listener}; ${sandboxId} is on this host`);
  const endpoints = agentId === null ? [] : host.endpointsOf(agentId);
  if (agentId === null || endpoints.length === 0) {
    const evidence = `${listener}, but ${agentId === null ? `no agent holds ${sandboxId}` : `no way to ${agentId} is known`}`;
    return fail('ROUTE_PRESENT', evidence, `start the agent of ${sandboxId} and check that it has joined the mesh`);
  }
  return pass('ROUTE_PRESENT', `${listener}; ${sandboxId} is on ${agentId} at ${endpoints.join(', ')}`);
}

function checkPolicy(view: NetworkView | null, request: ChecksRequest): Check {
  if (view === null) return fail('POLICY', 'no policy of this network is in force here', null);
  const verdict = evaluateSelector(view, parseSelector(request.from, 'from'), request.alias, request.port);
  const evidence = describeVerdict(verdict, request);
  if (verdict.effect === 'allow') return pass('POLICY', evidence);
  return fail('POLICY', evidence, policyRemedy(verdict, request, view.name));
}

function describeVerdict(
  { effect, reason, ruleId, version, members }: SelectorVerdict,
  request: ChecksRequest,
): string {
  const question = `${request.from} to ${request.alias}:${request.port}`;
  if (effect === 'mixed') {
    const denied = members.filter(({ verdict }) => verdict.effect === 'deny').length;
    return `${question}: ${denied} of ${members.length} members are denied, by version ${version}`;
  }
  return `${question}: ${reason}${ruleId === null ? '' : ` by ${ruleId}`}, by version ${version}`;
}

function policyRemedy({ reason, ruleId }: SelectorVerdict, request: ChecksRequest, network: string): string {
  const { from, alias, port } = request;
  switch (reason) {
    case 'EXPLICIT_DENY':
      return `gstacks network policy remove ${network} ${ruleId}`;
    case 'NOT_ATTACHED':
      return `attach a sandbox that ${from} stands for: gstacks network attach ${network} <sandbox-id>`;
    case 'NO_ALIAS':
    case 'NO_PORT':
      return publishRemedy(request);
    default:
      return `gstacks network policy allow ${network} --from ${from} --to ${alias} --port ${port}`;
  }
}

function publishRemedy({ alias, port }: ChecksRequest): string {
  return `publish it: gstacks network alias add <network> <sandbox-id> ${alias} --port ${port}`;
}

function pass(code: CheckCode, evidence: string): Check {
  return { code, status: 'pass', evidence: bounded(evidence), remedy: null };
}

function fail(code: CheckCode, evidence: string, remedy: string | null): Check {
  return { code, status: 'fail', evidence: bounded(evidence), remedy };
}

const MOST_CHARACTERS = 1_000;

function bounded(text: string): string {
  return text.slice(0, MOST_CHARACTERS);
}
