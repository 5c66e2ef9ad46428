import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#libs/contracts/errors.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { removeContainer, runContainer } from '#libs/docker-engine/run-container.js';
import type { AddressBlock } from './address-block.js';
import { ensureSampleImage, NODE_INSIDE, SERVER_INSIDE } from './sample-image.js';
import { AGENTS, type AgentName, type SampleSandbox } from './sample-sandboxes.js';

export class ContainersUnavailableError extends CodedError {}

/** An agent's settings for its bridge at the Engine that both agents share. */
export interface AgentBridge {
  readonly socketPath: string;
  readonly network: string;
  readonly bridge: string;
  readonly subnet: string;
}

const STACK_LABEL = 'gstacks.stack';
const NETWORK_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** The sample sandboxes as containers of this machine's Docker Engine; each agent has its own bridge there. */
export class SampleContainers {
  readonly bridges: { readonly [agent in AgentName]: AgentBridge };
  private readonly engine: DockerEngine;

  constructor(
    socketPath: string,
    private readonly block: AddressBlock,
    private readonly home: string,
  ) {
    this.engine = new DockerEngine(socketPath);
    const octet = FIRST_OCTET + block.index;
    const bridgeOf = (agent: AgentName, half: number): AgentBridge => ({
      socketPath,
      network: `gs${block.index}-${agent}`,
      bridge: `gs${block.index}_${agent.replace('-', '_')}`,
      subnet: `10.${octet}.${half}.0/17`,
    });
    this.bridges = { 'host-a': bridgeOf('host-a', 0), 'host-b': bridgeOf('host-b', 128) };
  }

  /** The name of a sample's container; the first stack of a machine uses the samples' own names. */
  nameOf(sandboxId: string): string {
    return this.block.index === 0 ? sandboxId : `gs${this.block.index}-${sandboxId}`;
  }

  /** Errors: ContainersUnavailableError. */
  async requireEngine(): Promise<void> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      throw new ContainersUnavailableError(
        'CONTAINERS_UNAVAILABLE',
        '--sandboxes docker needs root on Linux: its agents make bridge networks and their rules',
        'run it as root, or use --sandboxes static',
      );
    }
    try {
      await this.engine.connect();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const remedy = 'start dockerd, set DOCKER_HOST to its unix socket, or use --sandboxes netns';
      throw new ContainersUnavailableError('CONTAINERS_UNAVAILABLE', error.message, remedy);
    }
  }

  /** Starts the samples once the agents have made their networks; containers of an earlier start are replaced. */
  async start(sandboxes: readonly SampleSandbox[], say: (line: string) => void): Promise<void> {
    const image = await ensureSampleImage(this.engine, say);
    for (const agent of AGENTS) await this.waitForNetwork(this.bridges[agent].network);
    for (const { id, agent } of sandboxes) {
      const name = this.nameOf(id);
      await this.removeOwn(name);
      await runContainer(this.engine, {
        name,
        image,
        command: [NODE_INSIDE, SERVER_INSIDE],
        environment: { SAMPLE_SANDBOX_ID: id, SAMPLE_SANDBOX_ADDRESS: '0.0.0.0', PATH: '/usr/bin:/bin' },
        labels: { 'gstacks.sandbox': id, 'gstacks.agent': agent, [STACK_LABEL]: this.home },
        network: this.bridges[agent].network,
      });
      say(`${id}: the container ${name} is running`);
    }
  }

  async remove(sandboxes: readonly SampleSandbox[]): Promise<void> {
    for (const { id } of sandboxes) await this.removeOwn(this.nameOf(id));
  }

  /** Leaves a container of another owner with that name alone: making ours then fails with a clear error. */
  private async removeOwn(name: string): Promise<void> {
    const found = await this.engine.container(name);
    if (found?.labels[STACK_LABEL] === this.home) await removeContainer(this.engine, found.id);
  }

  private async waitForNetwork(network: string): Promise<void> {
    const deadline = performance.now() + NETWORK_WITHIN_MS;
    while ((await this.engine.network(network)) === null) {
      if (performance.now() > deadline) {
        throw new ContainersUnavailableError(
          'CONTAINERS_UNAVAILABLE',
          `no agent made the Docker network ${network} within ${NETWORK_WITHIN_MS / 1_000} s`,
          "read the agents' logs",
        );
      }
      await pause(POLL_MS);
    }
  }
}

/** 10.150.0.0/16 and following: one for each address block. */
const FIRST_OCTET = 150;
