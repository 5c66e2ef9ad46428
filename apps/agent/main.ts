import { type ProgramCommand, runCommandLine } from '#libs/program/command-line.js';
import { withConfigFile } from '#libs/program/config-file.js';
import { cleanup } from './commands/cleanup.js';
import { doctor } from './commands/doctor.js';
import { enroll } from './commands/enroll.js';
import { CONFIG_FILE } from './commands/places.js';
import { runAgent } from './commands/run.js';

const run: ProgramCommand = {
  summary: 'Run the agent of this host',
  usage: `[--config FILE]

  --config FILE  settings, as NAME=value lines, that the environment does not have; usually ${CONFIG_FILE}`,
  options: { config: { type: 'string' } },
  async run(given, environment) {
    runAgent(withConfigFile(environment, given.one('config'), CONFIG_FILE));
    return null;
  },
};

const argv = process.argv.slice(2);
// Without a command, all settings come from the environment of the process.
if (argv.length === 0) runAgent(process.env);
else void runCommandLine('globalstacks-agent', { cleanup, doctor, enroll, run }, argv, process.env);
