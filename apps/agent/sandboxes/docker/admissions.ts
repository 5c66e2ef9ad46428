import { existsSync } from 'node:fs';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { EngineContainer } from '#libs/docker-engine/container.js';
import type { KeptRules } from '../firewall/kept-rules.js';
import type { BridgePlan } from './bridge-plan.js';
import { bridgeRules } from './bridge-rules.js';
import { type ContainerLink, findLink } from './container-link.js';
import { leadQueries } from './container-resolver.js';
import { greet } from './greet.js';
import type { TakenContainer } from './take-containers.js';

/** A container whose packets are accepted as its sandbox's. */
export interface AdmittedContainer extends TakenContainer {
  readonly link: ContainerLink;
  /** Why its queries are not redirected to the agent; null: they are. */
  readonly resolverFailure: string | null;
}

/** Admits containers to the bridge, each by its own port and addresses only. */
export class Admissions {
  private admitted = new Map<string, AdmittedContainer>();
  /** Addresses of newly admitted containers that do not know the host's hardware address yet. */
  private ungreeted: readonly string[] = [];

  constructor(
    private readonly plan: BridgePlan,
    private readonly proxyRange: () => string,
    private readonly queriesPerSecond: number,
    private readonly rules: KeptRules,
  ) {}

  current(): readonly AdmittedContainer[] {
    return [...this.admitted.values()];
  }

  /** Whether it is admitted since its last start. */
  isAdmitted(container: EngineContainer): boolean {
    return this.before(container) !== undefined;
  }

  /**
   * Makes exactly these the admitted containers. Resolves with those that could not be admitted. Errors:
   * NftCommandError; then nothing has changed.
   */
  async admit(taken: readonly TakenContainer[]): Promise<readonly RefusedSandbox[]> {
    const refused: RefusedSandbox[] = [];
    const linked = await Promise.all(
      taken.map(async (container) => {
        try {
          return [{ ...container, link: await this.linkOf(container) }];
        } catch (error) {
          // A container that has just ended is about to be reported as gone.
          if (hasNetwork(container)) refused.push(refusal(container, error));
          return [];
        }
      }),
    );
    const next = linked.flat();
    this.ungreeted = next.filter(({ container }) => !this.isAdmitted(container)).map(({ link }) => link.address);
    await this.load(next.map(({ link }) => link));
    const led = await Promise.all(next.map((container) => this.lead(container)));
    this.admitted = new Map(led.map((container) => [container.container.id, container]));
    return refused;
  }

  /** Makes the host known to the newly admitted containers. Call it once the agent answers them. */
  async greetNew(): Promise<void> {
    const addresses = this.ungreeted;
    this.ungreeted = [];
    await greet(this.plan.bridge, addresses);
  }

  /** Loads the rules again, for instance after the proxy range has changed. */
  async reload(): Promise<void> {
    await this.load(this.current().map(({ link }) => link));
  }

  /**
   * Closes the bridge to all containers, unless rules of an earlier run are in force: these stay until it is known
   * which containers run. So on a host that starts its agent before dockerd, the bridge is closed from the first
   * container on.
   */
  async closeUnlessInForce(): Promise<void> {
    if (!(await this.rules.areInForce())) await this.load([]);
  }

  private load(links: readonly ContainerLink[]): Promise<void> {
    return this.rules.load(bridgeRules(this.plan, this.proxyRange(), this.queriesPerSecond, links));
  }

  private linkOf(taken: TakenContainer): Promise<ContainerLink> | ContainerLink {
    const before = this.before(taken.container);
    // Connecting or disconnecting another network may have moved the default route.
    const isSame =
      before !== undefined && JSON.stringify(before.container.endpoints) === JSON.stringify(taken.container.endpoints);
    return isSame ? before.link : findLink(this.plan.bridge, taken);
  }

  private async lead(container: TakenContainer & { readonly link: ContainerLink }): Promise<AdmittedContainer> {
    const usesDockerResolver = container.container.endpoints.length > 1;
    const before = this.before(container.container);
    const isLed =
      before?.resolverFailure === null &&
      before.link.device === container.link.device &&
      before.link.address === container.link.address &&
      before.container.endpoints.length > 1 === usesDockerResolver;
    if (isLed) return { ...container, resolverFailure: null };
    try {
      await leadQueries(container.container.pid, container.link, {
        gateway: this.plan.gateway,
        proxyRange: this.proxyRange(),
        usesDockerResolver,
      });
      return { ...container, resolverFailure: null };
    } catch (error) {
      return { ...container, resolverFailure: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The same container, not restarted since. */
  private before(container: EngineContainer): AdmittedContainer | undefined {
    const before = this.admitted.get(container.id);
    return before?.container.startedAt === container.startedAt ? before : undefined;
  }
}

function hasNetwork({ container }: TakenContainer): boolean {
  return existsSync(`/proc/${container.pid}/ns/net`);
}

function refusal({ sandboxId, container }: TakenContainer, error: unknown): RefusedSandbox {
  if (!(error instanceof CodedError)) throw error;
  return {
    name: container.name,
    sandboxId,
    code: error.code,
    message: `container ${container.name}: ${error.message}`,
    remedy: error.remedy ?? `docker restart ${container.name}`,
  };
}
