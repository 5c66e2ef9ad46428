import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import type { ContainerEndpoint, EngineContainer } from '#libs/docker-engine/container.js';

export const SANDBOX_LABEL = 'gstacks.sandbox';
export const ATTACH_LABEL = 'gstacks.attach';
/** Label with the name of the agent that takes the container, where several agents use one Engine. */
export const AGENT_LABEL = 'gstacks.agent';

/** A container that is a sandbox now. */
export interface TakenContainer {
  readonly sandboxId: SandboxId;
  readonly container: EngineContainer;
  /** Its connection to the agent's network. */
  readonly endpoint: ContainerEndpoint;
}

export interface Takings {
  readonly taken: readonly TakenContainer[];
  /** Containers to be connected to the agent's network, as their label asks. */
  readonly toConnect: readonly EngineContainer[];
  readonly refused: readonly RefusedSandbox[];
}

export interface TakingTerms {
  readonly agentId: string;
  readonly network: string;
  /** The containers that already have a sandbox id keep it when another one claims the same id. */
  readonly holders: ReadonlyMap<SandboxId, string>;
}

/**
 * Whether a container concerns the agent: it is on the agent's network, or has one of our labels and does not name
 * another agent.
 */
export function concerns(
  container: { readonly labels: { readonly [key: string]: string }; readonly networks: readonly string[] },
  { agentId, network }: Pick<TakingTerms, 'agentId' | 'network'>,
): boolean {
  if (container.networks.includes(network)) return true;
  const { [SANDBOX_LABEL]: sandbox, [ATTACH_LABEL]: attach, [AGENT_LABEL]: agent = agentId } = container.labels;
  return agent === agentId && (sandbox !== undefined || attach !== undefined);
}

/** As concerns, for an inspected container. */
export function isConcerned(
  { labels, endpoints }: EngineContainer,
  terms: Pick<TakingTerms, 'agentId' | 'network'>,
): boolean {
  return concerns({ labels, networks: endpoints.map(({ network }) => network) }, terms);
}

/** Which containers are sandboxes, which have to be connected first, and which are refused and why. */
export function takeContainers(containers: readonly EngineContainer[], terms: TakingTerms): Takings {
  const taken = new Map<SandboxId, TakenContainer>();
  const toConnect: EngineContainer[] = [];
  const refused: RefusedSandbox[] = [];
  for (const container of inOrder(containers, terms.holders)) {
    if (container.state === 'other') continue;
    const outcome = takeContainer(container, terms);
    if (outcome.kind === 'refused') refused.push(outcome.refusal);
    else if (taken.has(outcome.sandboxId)) refused.push(second(outcome.sandboxId, container, taken));
    else if (outcome.kind === 'connect') toConnect.push(container);
    else taken.set(outcome.sandboxId, { ...outcome, container });
  }
  return { taken: [...taken.values()], toConnect, refused };
}

type Outcome =
  | { readonly kind: 'taken'; readonly sandboxId: SandboxId; readonly endpoint: ContainerEndpoint }
  | { readonly kind: 'connect'; readonly sandboxId: SandboxId }
  | { readonly kind: 'refused'; readonly refusal: RefusedSandbox };

function takeContainer(container: EngineContainer, { agentId, network }: TakingTerms): Outcome {
  const { name, labels, networkMode } = container;
  const refuse = (sandboxId: SandboxId | null, code: string, message: string, remedy: string): Outcome => ({
    kind: 'refused',
    refusal: { name, sandboxId, code, message: `container ${name}: ${message}`, remedy },
  });
  const attach = labels[ATTACH_LABEL];
  const agent = labels[AGENT_LABEL] ?? agentId;
  if (agent !== agentId) {
    return refuse(
      null,
      'AGENT_LABEL_OTHER',
      `is on the network ${network} of ${agentId}, and its label ${AGENT_LABEL} is ${JSON.stringify(agent.slice(0, 80))}`,
      `create it again with ${AGENT_LABEL}=${agentId}, or run docker network disconnect ${network} ${name}`,
    );
  }
  if (labels[SANDBOX_LABEL] === undefined && attach === undefined) {
    return refuse(
      null,
      'SANDBOX_LABEL_MISSING',
      `is on the network ${network} without the label ${SANDBOX_LABEL}, so all its traffic there is dropped`,
      `create it again with the label ${SANDBOX_LABEL}=<id>, or run docker network disconnect ${network} ${name}`,
    );
  }
  let sandboxId: SandboxId;
  try {
    sandboxId = parseSandboxId(labels[SANDBOX_LABEL] || name, `label ${SANDBOX_LABEL}`);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return refuse(null, 'SANDBOX_LABEL_INVALID', error.message, `create it again with a valid label ${SANDBOX_LABEL}`);
  }
  if (attach !== undefined && attach !== 'auto') {
    return refuse(
      sandboxId,
      'ATTACH_LABEL_INVALID',
      `label ${ATTACH_LABEL} is ${JSON.stringify(attach.slice(0, 80))}; the only value is auto`,
      `create it again with ${ATTACH_LABEL}=auto, or without that label`,
    );
  }
  if (networkMode === 'host') {
    return refuse(
      sandboxId,
      'HOST_NETWORK',
      'uses the network of the host, where its connections cannot be distinguished from those of other programs',
      `create it again on the network ${network}, without network_mode: host`,
    );
  }
  if (networkMode.startsWith('container:')) {
    return refuse(
      sandboxId,
      'SHARED_NETWORK',
      'shares the network, and so the address, of another container',
      `label that other container, or create this one again on the network ${network}`,
    );
  }
  const endpoint = container.endpoints.find((candidate) => candidate.network === network);
  if (endpoint !== undefined && endpoint.address !== '') return { kind: 'taken', sandboxId, endpoint };
  if (endpoint === undefined && networkMode === 'none') {
    return refuse(
      sandboxId,
      'NO_NETWORK',
      'was made with network_mode: none, and Docker connects such a container to no network',
      `create it again on the network ${network}`,
    );
  }
  if (attach === 'auto') return { kind: 'connect', sandboxId };
  return refuse(
    sandboxId,
    'NOT_ON_NETWORK',
    `is not on the network ${network}`,
    `docker network connect ${network} ${name}, or create it again with the label ${ATTACH_LABEL}=auto; if another ` +
      `agent shall have it, with ${AGENT_LABEL}=<name>`,
  );
}

/**
 * Names other than its own that Docker's resolver would answer for the container on the agent's network, to every
 * container: two projects may both have an `api`. The container's own host name stays, because Docker makes it an alias
 * at each connect.
 */
export function foreignAliases({ id, hostName, endpoints }: EngineContainer, network: string): readonly string[] {
  const endpoint = endpoints.find((candidate) => candidate.network === network);
  return endpoint?.aliases.filter((alias) => alias !== hostName && !id.startsWith(alias)) ?? [];
}

function second(
  sandboxId: SandboxId,
  { name }: EngineContainer,
  taken: ReadonlyMap<SandboxId, TakenContainer>,
): RefusedSandbox {
  const holder = taken.get(sandboxId)?.container.name ?? 'another container';
  return {
    name,
    sandboxId,
    code: 'SANDBOX_ID_TAKEN',
    message: `container ${name}: the container ${holder} is already the sandbox ${sandboxId}`,
    remedy: `give one of the two another label ${SANDBOX_LABEL}, or stop ${holder}`,
  };
}

/** First those that hold their id already, then by start time. */
function inOrder(
  containers: readonly EngineContainer[],
  holders: ReadonlyMap<SandboxId, string>,
): readonly EngineContainer[] {
  const holding = new Set(holders.values());
  const rank = ({ id, startedAt }: EngineContainer) => `${holding.has(id) ? 0 : 1} ${startedAt} ${id}`;
  return containers.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
