import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { portText } from '#libs/contracts/ports.js';
import { publishedPort } from '#libs/policy/published-port.js';
import type { ListeningSocket } from '../sandboxes/inspection/inspection.js';
import { listeningAt } from '../sandboxes/inspection/socket-table.js';
import type { ChecksRequest, DiagnosedAgent } from './diagnosed-agent.js';
import { decide } from './policy.js';

/**
 * Whether the sandbox takes a connection on the port inside. Its socket table tells without it noticing; where it has
 * none of its own it is dialled, as a flow would, and only when a flow is allowed.
 */
export async function checkTargetAccepts(
  agent: DiagnosedAgent,
  request: ChecksRequest,
  signal: AbortSignal,
): Promise<Check> {
  const view = agent.view(request.networkId);
  const record = view?.aliases.get(request.alias);
  const port = record && publishedPort(record, request.port);
  if (!view || !record || !port) {
    return skipped('TARGET_ACCEPTS', `${request.alias}:${request.port} leads to no sandbox`);
  }
  const { sandboxId } = record;
  const address = agent.sandboxes.addressOf(sandboxId);
  if (address === null) {
    const remedy = `start ${sandboxId}, or see where it is with \`gstacks sandbox list\``;
    return fail('TARGET_ACCEPTS', `${sandboxId} is not on this host now`, remedy);
  }
  if (agent.sandboxes.isPaused(sandboxId)) {
    return fail(
      'TARGET_ACCEPTS',
      `${sandboxId} is paused, so it answers no connection`,
      `resume ${sandboxId}, such as with docker unpause`,
    );
  }
  const ports = record.ports.map((each) => (each === port ? `${each.published}:<port inside>` : portText(each)));
  const publication = `gstacks network alias add ${view.name} ${sandboxId} ${request.alias} --port ${ports.join(' --port ')} --replace-ports`;
  const target: Target = { sandboxId, address, port: port.target, publication };
  const sockets = await agent.inspection.listeners(sandboxId, signal);
  if (sockets !== null) return byTable(target, sockets);
  const effect = decide(agent, request)?.effect;
  if (effect !== 'allow' && effect !== 'mixed') {
    return skipped(
      'TARGET_ACCEPTS',
      `the policy denies it, so no connection was opened to see whether ${sandboxId} listens`,
    );
  }
  return byDial(target, agent, signal);
}

interface Target {
  readonly sandboxId: SandboxId;
  readonly address: string;
  readonly port: number;
  /** What publishes the alias with another port inside: everything else stays as it is. */
  readonly publication: string;
}

function byTable(target: Target, sockets: readonly ListeningSocket[]): Check {
  const { sandboxId, address, port } = target;
  const listening = listeningAt(sockets, address, port);
  switch (listening.kind) {
    case 'listens':
      return pass('TARGET_ACCEPTS', `${sandboxId} listens on ${listening.address}:${port}`);
    case 'elsewhere':
      return fail(
        'TARGET_ACCEPTS',
        `${sandboxId} listens on ${listening.addresses.join(' and ')} only, port ${port}: not at ${address}, where connections arrive`,
        `make it listen on 0.0.0.0:${port} or ${address}:${port}`,
      );
    case 'nobody': {
      const others = listening.ports.length === 0 ? '' : `; it listens on ${shown(listening.ports)}`;
      return fail('TARGET_ACCEPTS', `nothing listens on port ${port} in ${sandboxId}${others}`, startRemedy(target));
    }
  }
}

async function byDial(target: Target, agent: DiagnosedAgent, signal: AbortSignal): Promise<Check> {
  const { sandboxId, address, port } = target;
  const failure = await agent.flows.dialTarget(sandboxId, port, signal);
  if (failure === null) return pass('TARGET_ACCEPTS', `${sandboxId} accepted a connection to ${address}:${port}`);
  if (failure.code === 'TARGET_REFUSED') {
    const evidence = `nothing listens on ${address}:${port}, the address of ${sandboxId}`;
    return fail('TARGET_ACCEPTS', evidence, startRemedy(target));
  }
  const remedy = failure.remedy ?? `check that ${sandboxId} runs and that ${address}:${port} is open from this host`;
  return fail('TARGET_ACCEPTS', `${failure.code}: ${failure.message}`, remedy);
}

function startRemedy({ port, sandboxId, publication }: Target): string {
  return `start the server for port ${port} in ${sandboxId}, or publish the port that it listens on: ${publication}`;
}

const MOST_PORTS = 8;

function shown(ports: readonly number[]): string {
  return ports.length > MOST_PORTS ? `${ports.slice(0, MOST_PORTS).join(', ')} and others` : ports.join(', ');
}
