import { type ProgramCommand } from '#libs/program/command-line.js';
import { withConfigFile } from '#libs/program/config-file.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { type Environment } from '../foundation/variables.js';
import { parseAgentSettings } from '../settings.js';
import { ownStateFolder } from '../state/own-state-folder.js';
import { CONFIG_FILE } from './places.js';

export const cleanup: ProgramCommand = {
  summary: 'Remove from this host what the driver of its ended agent made',
  usage: `[--config FILE]

  --config FILE  settings, as NAME=value lines, that the environment does not have; usually ${CONFIG_FILE}

Namespaces, networks, links, the nftables table and routes. The agent must not run. Keys and settings stay.`,
  options: { config: { type: 'string' } },
  async run(given, environment) {
    const variables = withConfigFile(environment, given.one('config'), CONFIG_FILE);
    const faults = await removeAll(variables);
    for (const fault of faults) process.stderr.write(`not removed: ${fault}\n`);
    if (faults.length === 0) process.stdout.write('removed what the driver made\n');
    return faults.length === 0 ? 0 : 1;
  },
};

/**
 * Starts the driver, which takes over what is there, and ends it as with GLOBALSTACKS_AGENT_REMOVE_ON_EXIT. It removes
 * the sandboxes first and their rules last, so that no sandbox is open meanwhile. Resolves with what it could not
 * remove. Errors: StateFolderInUseError, those of the settings and of the driver's start.
 */
async function removeAll(variables: Environment): Promise<readonly string[]> {
  const settings = parseAgentSettings({ ...variables, [SETTINGS.removeOnExit.variable]: 'true' });
  const lock = ownStateFolder(settings.stateFolder);
  const faults: string[] = [];
  try {
    const driver = settings.driver.create((error) =>
      faults.push(error instanceof Error ? error.message : String(error)),
    );
    driver.onChange(() => {});
    await driver.start();
    await driver.prepareProxyRange(settings.proxyRange ?? driver.proxyRangeDefault);
    await driver.close();
    return faults;
  } finally {
    lock.release();
  }
}
