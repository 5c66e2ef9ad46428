import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { withConfigFile } from '#libs/program/config-file.js';
import {
  type Examination,
  examine,
  exitCodeOfFindings,
  type Finding,
  findingsText,
  settingsFault,
} from '#libs/program/doctor.js';
import { examineClock, examineControlPlane } from '#libs/program/doctor-checks.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { type AgentSettings, parseAgentSettings } from '../settings.js';
import { examineDriver, examineKernel } from './host-checks.js';
import { examineBus, examineMesh, openState, refusalOf, type StateFound } from './member-checks.js';
import { CONFIG_FILE } from './places.js';

export const doctor: ProgramCommand = {
  summary: 'Check this host: kernel, driver, ports, control plane, bus, mesh and clock',
  usage: `[options]

  --json         the findings as JSON
  --config FILE  settings, as NAME=value lines, that the environment does not have; usually ${CONFIG_FILE}

Changes nothing. Exit code 0: nothing failed; 1: something did; 5: something could not be found out.`,
  options: { json: { type: 'boolean' }, config: { type: 'string' } },
  async run(given, environment) {
    const settings = withConfigFile(environment, given.one('config'), CONFIG_FILE);
    const findings = await findingsOf(settings);
    process.stdout.write(given.has('json') ? `${JSON.stringify({ findings })}\n` : findingsText(findings));
    return exitCodeOfFindings(findings);
  },
};

/** What the doctor finds with these settings. */
export async function findingsOf(variables: Parameters<typeof parseAgentSettings>[0]): Promise<readonly Finding[]> {
  let settings: AgentSettings;
  try {
    trustAuthorities(variables[SETTINGS.caFile.variable]);
    settings = parseAgentSettings(variables);
  } catch (error) {
    return settingsFault(error);
  }
  const { driver, controlPlaneUrl } = settings;
  const state = await openState(settings);
  const asked = examineControlPlane(controlPlaneUrl);
  const bus = examineBus(state);
  const refused = bus.then(({ status }) => (status === 'fail' ? refusalOf(settings, state) : null));
  const examinations: readonly Examination[] = [
    {
      code: 'AGENT',
      look: async () => ((await refused) === null ? examineProcess(settings, state) : unneeded('AGENT')),
    },
    { code: 'KERNEL', look: () => examineKernel(driver.name) },
    { code: 'DRIVER', look: () => examineDriver(driver.name, variables) },
    { code: 'ENROLLED', look: async () => (await refused) ?? state.finding },
    { code: 'CONTROL_PLANE', look: async () => (await asked).finding },
    {
      code: 'CLOCK',
      look: async () => {
        const { time } = await asked;
        if (time === null) return skipped('CLOCK', 'the control plane did not answer with its time');
        return examineClock(time, new Date(), 'the control plane');
      },
    },
    { code: 'BUS', look: async () => ((await refused) === null ? bus : unneeded('BUS')) },
    { code: 'MESH', look: () => examineMesh(settings, state) },
  ];
  const found = pass('SETTINGS', `agent ${settings.name} with the driver ${driver.name}`);
  return [found, ...(await examine(examinations))];
}

function examineProcess({ stateFolder }: AgentSettings, { credentials, isRunning }: StateFound): Finding {
  if (credentials === null) return skipped('AGENT', 'is not enrolled yet');
  if (isRunning) return pass('AGENT', `runs on ${stateFolder}`);
  return fail('AGENT', 'does not run', 'systemctl start globalstacks-agent, or globalstacks-agent run');
}

/** What follows from the refusal of the control plane has no finding of its own. */
function unneeded(code: string): Finding {
  return skipped(code, 'the control plane refuses this agent: see ENROLLED');
}
