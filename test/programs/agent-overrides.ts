import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into every process of a stack by `--import`: an agent for which the folder has a file `<name>.json`
 * re-executes itself with the variables in it, under the same pid, before it runs. The product does not know about it.
 */
const STARTED_OVER = 'TEST_AGENT_STARTED_OVER';

const { GLOBALSTACKS_AGENT_NAME: name, [STARTED_OVER]: startedOver } = process.env;
const folder = new URL(import.meta.url).searchParams.get('folder') ?? '';
const file = join(folder, `${name}.json`);
const isAgent = isMainThread && process.argv[1]?.endsWith('programs/agent.js') === true;
if (isAgent && startedOver === undefined && existsSync(file)) {
  const variables: { readonly [variable: string]: string } = JSON.parse(readFileSync(file, 'utf8'));
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, args, { ...process.env, ...variables, [STARTED_OVER]: '1' });
}
