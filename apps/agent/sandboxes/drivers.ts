import type { AgentId } from '#libs/contracts/ids.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import type { Variables } from '../foundation/variables.js';
import { createDockerDriver } from './docker/docker-driver.js';
import { readDockerSettings } from './docker/docker-settings.js';
import { DRIVER_NAMES, type DriverName, type SandboxDriver } from './driver.js';
import { createLinkDriver } from './link/link-driver.js';
import { readLinkSettings } from './link/link-settings.js';
import { createNetnsDriver } from './netns/netns-driver.js';
import { readNetnsSettings } from './netns/netns-settings.js';
import { createStaticDriver } from './static/static-driver.js';
import { readStaticSettings } from './static/static-settings.js';

/** A driver whose settings were read and found usable. */
export interface ChosenDriver {
  readonly name: DriverName;
  /** `onError` hears of what went wrong after start. */
  readonly create: (onError: (error: unknown) => void) => SandboxDriver;
}

type ErrorListener = (error: unknown) => void;
type Choice = (variables: Variables, agentId: AgentId) => (onError: ErrorListener) => SandboxDriver;

/** Every driver: how its own variables are read, and how it is made from them. */
const DRIVERS: { readonly [Name in DriverName]: Choice } = {
  static: (variables) => made(createStaticDriver, readStaticSettings(variables)),
  netns: (variables, agentId) => made(createNetnsDriver, readNetnsSettings(variables, agentId)),
  docker: (variables, agentId) => made(createDockerDriver, readDockerSettings(variables, agentId)),
  link: (variables) => made(createLinkDriver, readLinkSettings(variables)),
};

function made<Settings>(
  create: (settings: Settings, onError: ErrorListener) => SandboxDriver,
  settings: Settings,
): (onError: ErrorListener) => SandboxDriver {
  return (onError) => create(settings, onError);
}

/** The driver that GLOBALSTACKS_AGENT_DRIVER names. Errors: SettingMissingError, InvalidInputError. */
export function chooseDriver(variables: Variables, agentId: AgentId): ChosenDriver {
  const name = variables.need('GLOBALSTACKS_AGENT_DRIVER', wordOf(DRIVER_NAMES));
  return { name, create: DRIVERS[name](variables, agentId) };
}
