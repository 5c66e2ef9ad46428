import { CodedError } from '#libs/contracts/errors.js';
import type { DockerEngine, EngineNetwork } from '#libs/docker-engine/engine.js';
import type { BridgePlan } from './bridge-plan.js';
import { AGENT_LABEL } from './take-containers.js';

/** A network with that name exists but is not as the agent needs it. */
export class NetworkUnfitError extends CodedError {}

const OPTION = 'com.docker.network.bridge';

function optionsOf({ bridge }: BridgePlan): { readonly [key: string]: string } {
  return {
    [`${OPTION}.name`]: bridge,
    [`${OPTION}.enable_icc`]: 'false',
    [`${OPTION}.enable_ip_masquerade`]: 'false',
  };
}

/** Makes the agent's network if it is missing. Errors: NetworkUnfitError, and those of the Engine. */
export async function ensureNetwork(engine: DockerEngine, plan: BridgePlan, agentId: string): Promise<void> {
  const found = await engine.network(plan.network);
  if (found === null) {
    await engine.createNetwork({
      name: plan.network,
      subnet: plan.subnet,
      containerRange: plan.containerRange,
      gateway: plan.gateway,
      options: optionsOf(plan),
      labels: { [AGENT_LABEL]: agentId },
    });
    return;
  }
  const odd = oddity(found, plan);
  if (odd === null) return;
  throw new NetworkUnfitError(
    'DOCKER_NETWORK_UNFIT',
    `the Docker network ${plan.network} cannot be used: ${odd}`,
    `remove it, and the agent makes it again: docker network rm ${plan.network}; or set ` +
      'GLOBALSTACKS_AGENT_DOCKER_NETWORK to another name',
  );
}

function oddity(found: EngineNetwork, plan: BridgePlan): string | null {
  if (found.driver !== 'bridge') return `its driver is ${found.driver}, not bridge`;
  if (found.subnets[0] !== plan.subnet || found.subnets.length > 1) {
    return `its subnet is ${found.subnets.join(' and ')}, not ${plan.subnet}`;
  }
  if (found.gateways[0] !== plan.gateway) return `its gateway is ${found.gateways.join()}, not ${plan.gateway}`;
  // Podman uses the name of the bridge but does not show the option. If the bridge has another name, no link is found.
  const showsNoOptions = Object.keys(found.options).length === 0 && found.labels[AGENT_LABEL] !== undefined;
  if (showsNoOptions) return null;
  for (const [name, value] of Object.entries(optionsOf(plan))) {
    const set = found.options[name];
    if (set !== value) return `its option ${name} is ${set ?? 'not set'}, not ${value}`;
  }
  return null;
}

/** Disconnects every container from the network and removes it. */
export async function removeNetwork(engine: DockerEngine, { network }: BridgePlan): Promise<void> {
  const found = await engine.network(network);
  await Promise.all((found?.containers ?? []).map((containerId) => engine.disconnectContainer(network, containerId)));
  await engine.removeNetwork(network);
}
