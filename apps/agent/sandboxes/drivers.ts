import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import type { Variables } from '../foundation/variables.js';
import { createDockerDriver } from './docker/docker-driver.js';
import { readDockerSettings } from './docker/docker-settings.js';
import type { SandboxDriver } from './driver.js';
import { createLinkDriver } from './link/link-driver.js';
import { readLinkSettings } from './link/link-settings.js';
import { createNetnsDriver } from './netns/netns-driver.js';
import { readNetnsSettings } from './netns/netns-settings.js';
import { createStaticDriver } from './static/static-driver.js';
import { readStaticSettings } from './static/static-settings.js';

/** A driver whose settings were read and found usable. */
export interface ChosenDriver {
  readonly name: string;
  /** `onError` hears of what went wrong after start. */
  readonly create: (onError: ErrorListener) => SandboxDriver;
}

type ErrorListener = (error: unknown) => void;

interface Driver {
  readonly name: string;
  /** Reads the driver's own variables. */
  readonly configure: (variables: Variables, agentId: AgentId) => ChosenDriver['create'];
}

/** Every driver there is: a driver is its folder and its line here. */
const DRIVERS: readonly Driver[] = [
  { name: 'static', configure: (variables) => made(createStaticDriver, readStaticSettings(variables)) },
  { name: 'netns', configure: (variables, agentId) => made(createNetnsDriver, readNetnsSettings(variables, agentId)) },
  {
    name: 'docker',
    configure: (variables, agentId) => made(createDockerDriver, readDockerSettings(variables, agentId)),
  },
  { name: 'link', configure: (variables) => made(createLinkDriver, readLinkSettings(variables)) },
];

function made<Settings>(
  create: (settings: Settings, onError: ErrorListener) => SandboxDriver,
  settings: Settings,
): ChosenDriver['create'] {
  return (onError) => create(settings, onError);
}

/** The driver that GLOBALSTACKS_AGENT_DRIVER names. Errors: SettingMissingError, InvalidInputError. */
export function chooseDriver(variables: Variables, agentId: AgentId): ChosenDriver {
  const { name, configure } = variables.need('GLOBALSTACKS_AGENT_DRIVER', parseDriver);
  return { name, create: configure(variables, agentId) };
}

const parseDriver: FieldParser<Driver> = (value, field) => {
  const driver = DRIVERS.find(({ name }) => name === value);
  if (driver === undefined) {
    throw new InvalidInputError(field, value, `one of ${DRIVERS.map(({ name }) => name).join(', ')}`);
  }
  return driver;
};
