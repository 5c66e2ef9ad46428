import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import type { Setting } from '#libs/program/setting.js';
import { SETTINGS } from '../foundation/settings-list.js';
import type { Variables } from '../foundation/variables.js';
import { createDockerDriver } from './docker/docker-driver.js';
import { DOCKER_SETTINGS, readDockerSettings } from './docker/docker-settings.js';
import type { SandboxDriver } from './driver.js';
import { createLinkDriver } from './link/link-driver.js';
import { LINK_SETTINGS, readLinkSettings } from './link/link-settings.js';
import { createNetnsDriver } from './netns/netns-driver.js';
import { NETNS_SETTINGS, readNetnsSettings } from './netns/netns-settings.js';
import { createStaticDriver } from './static/static-driver.js';
import { readStaticSettings, STATIC_SETTINGS } from './static/static-settings.js';

/** A driver with valid settings. */
export interface ChosenDriver {
  readonly name: string;
  /** `onError` is called with errors that happen after the start. */
  readonly create: (onError: ErrorListener) => SandboxDriver;
}

type ErrorListener = (error: unknown) => void;

interface Driver {
  readonly name: string;
  /** The driver's own settings; those of several drivers are in SETTINGS of the agent. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** Reads the settings that the driver uses. */
  readonly configure: (variables: Variables, agentId: AgentId) => ChosenDriver['create'];
}

/** Every driver. A new one is a folder and an entry here. */
export const DRIVERS: readonly Driver[] = [
  {
    name: 'static',
    settings: STATIC_SETTINGS,
    configure: (variables) => made(createStaticDriver, readStaticSettings(variables)),
  },
  {
    name: 'netns',
    settings: NETNS_SETTINGS,
    configure: (variables, agentId) => made(createNetnsDriver, readNetnsSettings(variables, agentId)),
  },
  {
    name: 'docker',
    settings: DOCKER_SETTINGS,
    configure: (variables, agentId) => made(createDockerDriver, readDockerSettings(variables, agentId)),
  },
  {
    name: 'link',
    settings: LINK_SETTINGS,
    configure: (variables) => made(createLinkDriver, readLinkSettings(variables)),
  },
];

function made<Settings>(
  create: (settings: Settings, onError: ErrorListener) => SandboxDriver,
  settings: Settings,
): ChosenDriver['create'] {
  return (onError) => create(settings, onError);
}

/** The driver that GLOBALSTACKS_AGENT_DRIVER names. Errors: SettingMissingError, InvalidInputError. */
export function chooseDriver(variables: Variables, agentId: AgentId): ChosenDriver {
  const { name, configure } = variables.need(SETTINGS.driver, parseDriver);
  return { name, create: configure(variables, agentId) };
}

const parseDriver: FieldParser<Driver> = (value, field) => {
  const driver = DRIVERS.find(({ name }) => name === value);
  if (driver === undefined) {
    throw new InvalidInputError(field, value, `one of ${DRIVERS.map(({ name }) => name).join(', ')}`);
  }
  return driver;
};
