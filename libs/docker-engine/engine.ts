import type { IncomingMessage } from 'node:http';
import { listOf, parseObject } from '#libs/contracts/json-fields.js';
import { type EngineContainer, labelsOf, parseContainer } from './container.js';
import { type EngineEvent, readEvents } from './engine-event.js';
import { EngineRefusedError, EngineUnavailableError, unavailable } from './errors.js';
import { bodyOf, type EngineRequest, open } from './http-exchange.js';

/** Minor version of the API (1.x). Docker 20.10 has 41; the calls used here have not changed since. */
const OLDEST_MINOR = 41;
const NEWEST_MINOR = 51;
const TIMEOUT_MS = 20_000;
const MOST_CONTAINERS = 100_000;

/** A container in the Engine's list, running or paused. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: { readonly [key: string]: string };
  readonly networks: readonly string[];
}

export interface NetworkRequest {
  readonly name: string;
  readonly subnet: string;
  /** The range from which the Engine assigns addresses to containers. */
  readonly containerRange: string;
  readonly gateway: string;
  readonly options: { readonly [key: string]: string };
  readonly labels: { readonly [key: string]: string };
}

export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
  readonly options: { readonly [key: string]: string };
  readonly labels: { readonly [key: string]: string };
  /** Ids of the connected containers. */
  readonly containers: readonly string[];
}

/**
 * A client of the Docker Engine API over its unix socket, also for Podman's compatible socket. Errors of every method:
 * EngineUnavailableError, EngineRefusedError, and InvalidInputError for an answer that cannot be parsed.
 */
export class DockerEngine {
  private prefix: Promise<string> | null = null;

  constructor(readonly socketPath: string) {}

  /** Negotiates the API version again, for when the Engine was away. Error: DOCKER_API_TOO_OLD. */
  async connect(): Promise<void> {
    this.prefix = this.agree();
    await this.prefix;
  }

  async listContainers(): Promise<readonly ListedContainer[]> {
    return listOf((item, field) => {
      const { Id, Labels, NetworkSettings } = parseObject(item, field);
      const { Networks } = parseObject(NetworkSettings ?? {}, `${field}.NetworkSettings`);
      const networks = Object.keys(parseObject(Networks ?? {}, `${field}.Networks`));
      return { id: String(Id), labels: labelsOf(Labels), networks };
    }, MOST_CONTAINERS)(await this.json('GET', '/containers/json'), 'containers');
  }

  /** null: there is no such container. */
  async container(id: string): Promise<EngineContainer | null> {
    const found = await this.orNone('GET', `/containers/${encodeURIComponent(id)}/json`);
    return found === null ? null : parseContainer(found, 'container');
  }

  /** null: there is no such network. */
  async network(name: string): Promise<EngineNetwork | null> {
    const found = await this.orNone('GET', `/networks/${encodeURIComponent(name)}`);
    return found === null ? null : parseNetwork(found);
  }

  async createNetwork(wanted: NetworkRequest): Promise<void> {
    await this.json('POST', '/networks/create', {
      Name: wanted.name,
      CheckDuplicate: true,
      Driver: 'bridge',
      EnableIPv6: false,
      IPAM: { Config: [{ Subnet: wanted.subnet, IPRange: wanted.containerRange, Gateway: wanted.gateway }] },
      Options: wanted.options,
      Labels: wanted.labels,
    });
  }

  async removeNetwork(name: string): Promise<void> {
    await this.orNone('DELETE', `/networks/${encodeURIComponent(name)}`);
  }

  /** Without aliases, so the Engine's resolver answers no service names on this network. */
  async connectContainer(network: string, containerId: string): Promise<void> {
    await this.json('POST', `/networks/${encodeURIComponent(network)}/connect`, {
      Container: containerId,
      EndpointConfig: {},
    });
  }

  async disconnectContainer(network: string, containerId: string): Promise<void> {
    await this.json('POST', `/networks/${encodeURIComponent(network)}/disconnect`, {
      Container: containerId,
      Force: true,
    });
  }

  /** Resolves once the Engine reports events; ends when the Engine or the signal ends it. */
  async events(signal: AbortSignal): Promise<AsyncGenerator<EngineEvent>> {
    const filters = encodeURIComponent(JSON.stringify({ type: ['container', 'network'] }));
    const response = await this.open({ method: 'GET', path: `/events?filters=${filters}`, signal });
    return readEvents(response);
  }

  /** The path with the negotiated API version. */
  async pathOf(path: string): Promise<string> {
    this.prefix ??= this.agree();
    return `${await this.prefix}${path}`;
  }

  /** Sends a request; the caller reads the answer's body. */
  async open(asked: EngineRequest): Promise<IncomingMessage> {
    return open(this.socketPath, { ...asked, path: await this.pathOf(asked.path) });
  }

  /** The answer as JSON; null: it is empty. */

  async json(method: EngineRequest['method'], path: string, body?: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const text = await bodyOf(this.socketPath, await this.open({ method, path, body, signal }));
    try {
      return text.trim() === '' ? null : JSON.parse(text);
    } catch (error) {
      throw unavailable(this.socketPath, error);
    }
  }

  private async orNone(method: EngineRequest['method'], path: string): Promise<unknown> {
    try {
      return await this.json(method, path);
    } catch (error) {
      if (error instanceof EngineRefusedError && error.status === 404) return null;
      throw error;
    }
  }

  private async agree(): Promise<string> {
    const request: EngineRequest = { method: 'GET', path: '/version', signal: AbortSignal.timeout(TIMEOUT_MS) };
    const text = await bodyOf(this.socketPath, await open(this.socketPath, request));
    const { ApiVersion, MinAPIVersion, Version } = parseObject(JSON.parse(text), 'version');
    const newest = minorOf(ApiVersion);
    const oldest = minorOf(MinAPIVersion);
    if (newest < OLDEST_MINOR || oldest > NEWEST_MINOR) {
      const spoken = `it supports Engine API ${String(MinAPIVersion)} to ${String(ApiVersion)}`;
      throw new EngineUnavailableError(
        newest < OLDEST_MINOR ? 'DOCKER_API_TOO_OLD' : 'DOCKER_API_TOO_NEW',
        `Docker ${String(Version)} at ${this.socketPath} cannot be used: ${spoken}, and 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR} is needed`,
        newest < OLDEST_MINOR ? 'install Docker 20.10 or newer' : 'install a newer GlobalStacks agent',
      );
    }
    return `/v1.${Math.min(newest, NEWEST_MINOR)}`;
  }
}

function minorOf(version: unknown): number {
  const [, minor] = /^1\.(\d+)$/.exec(String(version)) ?? [];
  return minor === undefined ? 0 : Number(minor);
}

function parseNetwork(value: unknown): EngineNetwork {
  const network = parseObject(value, 'network');
  const { Config } = parseObject(network.IPAM ?? {}, 'network.IPAM');
  const pools = Array.isArray(Config) ? Config.map((pool) => labelsOf(pool)) : [];
  return {
    id: String(network.Id),
    name: String(network.Name),
    driver: String(network.Driver),
    subnets: pools.flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
    gateways: pools.flatMap(({ Gateway }) => (Gateway === undefined ? [] : [Gateway])),
    options: labelsOf(network.Options),
    labels: labelsOf(network.Labels),
    containers: Object.keys(parseObject(network.Containers ?? {}, 'network.Containers')),
  };
}
