import { type FieldParser, parseObject } from '#libs/contracts/json-fields.js';

/** A container's connection to one network, as the Engine reports it. */
export interface ContainerEndpoint {
  readonly network: string;
  readonly networkId: string;
  /** Empty while the container is not running. */
  readonly address: string;
  readonly macAddress: string;
  /** Names besides the container's own that the Engine's resolver answers on this network. */
  readonly aliases: readonly string[];
}

/** The fields of a container that this project reads. */
export interface EngineContainer {
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  readonly labels: { readonly [key: string]: string };
  readonly state: 'running' | 'paused' | 'other';
  /** Process id of its first process in the Engine's pid namespace; 0 if it is not running. */
  readonly pid: number;
  /** RFC 3339; changes with each start. */
  readonly startedAt: string;
  /** `host`, `none`, `container:<id>`, or the network's name, as given when the container was created. */
  readonly networkMode: string;
  readonly privileged: boolean;
  /** Resolvers given when the container was created; empty: the Engine chooses. */
  readonly dnsServers: readonly string[];
  readonly endpoints: readonly ContainerEndpoint[];
}

/** Parses the answer to an inspection. Throws InvalidInputError. */
export const parseContainer: FieldParser<EngineContainer> = (value, field) => {
  const container = parseObject(value, field);
  const state = parseObject(container.State, `${field}.State`);
  const host = parseObject(container.HostConfig, `${field}.HostConfig`);
  const config = parseObject(container.Config, `${field}.Config`);
  const settings = parseObject(container.NetworkSettings, `${field}.NetworkSettings`);
  return {
    id: text(container.Id),
    name: text(container.Name).replace(/^\//, ''),
    hostName: text(config.Hostname),
    labels: labelsOf(config.Labels),
    state: state.Paused === true ? 'paused' : state.Running === true && state.Restarting !== true ? 'running' : 'other',
    pid: typeof state.Pid === 'number' ? state.Pid : 0,
    startedAt: text(state.StartedAt),
    networkMode: text(host.NetworkMode),
    privileged: host.Privileged === true,
    dnsServers: texts(host.Dns),
    endpoints: Object.entries(objectOrNone(settings.Networks)).map(([network, endpoint]) => {
      const { NetworkID, IPAddress, MacAddress, Aliases } = objectOrNone(endpoint);
      return {
        network,
        networkId: text(NetworkID),
        address: text(IPAddress),
        macAddress: text(MacAddress).toLowerCase(),
        aliases: texts(Aliases),
      };
    }),
  };
};

export function labelsOf(value: unknown): { readonly [key: string]: string } {
  return Object.fromEntries(Object.entries(objectOrNone(value)).map(([key, label]) => [key, text(label)]));
}

/** The Engine, written in Go, omits empty values or sends null for them. */
function objectOrNone(value: unknown): { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
