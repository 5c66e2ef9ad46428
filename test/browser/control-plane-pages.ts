import { join } from 'node:path';
import { after, before } from 'mocha';
import { TestControlPlane } from '#test/integration/control-plane/setup.js';
import { CLONE } from '#test/support/clone.js';
import { type ConsolePages, consolePages } from '#test/support/console-browser.js';

export interface ControlPlanePages extends ConsolePages {
  readonly controlPlane: TestControlPlane;
}

const SILENT_SECONDS = '3600';

/**
 * Pages of a control plane that runs in this process and has only the agents that a group of tests makes: for states
 * that a whole stack cannot reach, or only slowly.
 */
export function controlPlanePages(environment: Readonly<Record<string, string>> = {}): () => ControlPlanePages {
  let controlPlane: TestControlPlane | null = null;
  const running = (): TestControlPlane => {
    if (controlPlane === null) throw new Error('the control plane has not started');
    return controlPlane;
  };
  before('a control plane', async function () {
    this.timeout(60_000);
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_CONSOLE_DIR: join(CLONE, 'dist', 'console'),
      // Simulated agents send only what the tests make them send.
      GLOBALSTACKS_OFFLINE_AFTER_SECONDS: SILENT_SECONDS,
      GLOBALSTACKS_STALE_AFTER_SECONDS: SILENT_SECONDS,
      ...environment,
    });
  });
  const pages = consolePages(() => ({ url: running().url, token: running().adminToken }));
  after('no control plane is left', () => controlPlane?.end());
  return () => ({ ...pages, controlPlane: running() });
}
