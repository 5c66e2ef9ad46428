import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { publishedPort } from '#libs/policy/published-port.js';
import { publishRemedy } from '#libs/policy/remedies.js';
import { type ChecksRequest, type DiagnosedAgent } from './diagnosed-agent.js';

/**
 * Checks that the alias and port lead somewhere: at the source to a listener and an agent, at the target to a sandbox.
 */
export async function checkRoute(agent: DiagnosedAgent, request: ChecksRequest): Promise<Check> {
  const view = agent.view(request.networkId);
  const target = view?.aliases.get(request.alias);
  if (view === null) {
    return fail('ROUTE_PRESENT', 'this agent holds no version of this network', 'wait a moment and test again');
  }
  if (target === undefined) {
    return fail(
      'ROUTE_PRESENT',
      `${request.alias} is not published in the version that this agent holds`,
      publishRemedy(view.name, request),
    );
  }
  if (publishedPort(target, request.port) === null) {
    const ports = target.ports.map(({ published }) => published).join(', ');
    return fail(
      'ROUTE_PRESENT',
      `${request.alias} publishes ${ports}, not ${request.port}`,
      publishRemedy(view.name, request),
    );
  }
  const agentId = view.sandboxes.get(target.sandboxId)?.agentId ?? null;
  return request.role === 'target'
    ? checkTarget(agent, request, target.sandboxId, agentId)
    : checkSource(agent, request, view.name, target.sandboxId, agentId);
}

function checkTarget(
  agent: DiagnosedAgent,
  request: ChecksRequest,
  sandboxId: SandboxId,
  agentId: AgentId | null,
): Check {
  const address = agent.sandboxes.addressOf(sandboxId);
  if (agentId !== agent.agentId || address === null) {
    const evidence = `${sandboxId} is not on this host now`;
    return fail('ROUTE_PRESENT', evidence, `start ${sandboxId}, or see where it is with \`gstacks sandbox list\``);
  }
  return pass('ROUTE_PRESENT', `${request.alias}:${request.port} leads to ${sandboxId} at ${address}`);
}

async function checkSource(
  agent: DiagnosedAgent,
  request: ChecksRequest,
  network: string,
  sandboxId: SandboxId,
  agentId: AgentId | null,
): Promise<Check> {
  const { networkId, alias, port } = request;
  const route = agent.routes().find((one) => one.networkId === networkId && one.alias === alias && one.port === port);
  if (route === undefined || !(await agent.isListening(route))) {
    const reason = agent.failureOf(networkId, alias) ?? 'its proxy listener is not open';
    return fail(
      'ROUTE_PRESENT',
      `${alias}:${port}: ${reason}`,
      `correct that, then check gstacks network status ${network}`,
    );
  }
  const listener = `${route.address}:${route.port} is open`;
  if (agentId === agent.agentId) return pass('ROUTE_PRESENT', `${listener}; ${sandboxId} is on this host`);
  const endpoints = agentId === null ? [] : agent.endpointsOf(agentId);
  if (agentId === null || endpoints.length === 0) {
    const evidence = `${listener}, but ${agentId === null ? `no agent holds ${sandboxId}` : `no address of ${agentId} is known`}`;
    return fail('ROUTE_PRESENT', evidence, `start the agent of ${sandboxId} and check that it has joined the mesh`);
  }
  return pass('ROUTE_PRESENT', `${listener}; ${sandboxId} is on ${agentId} at ${endpoints.join(', ')}`);
}
