import type { DriverSettings } from '../settings.js';
import { createDockerDriver } from './docker/docker-driver.js';
import type { SandboxDriver } from './driver.js';
import { createNetnsDriver } from './netns-driver.js';
import { createStaticDriver } from './static-driver.js';

/** The driver that the settings name; `onError` hears of what went wrong after start. */
export function createDriver(settings: DriverSettings, onError: (error: unknown) => void): SandboxDriver {
  switch (settings.kind) {
    case 'static':
      return createStaticDriver(settings, onError);
    case 'netns':
      return createNetnsDriver(settings, onError);
    case 'docker':
      return createDockerDriver(settings, onError);
  }
}
