import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { withConfigFile } from '#libs/program/config-file.js';
import { type Examination, examine, exitCodeOfFindings, type Finding, findingsText } from '#libs/program/doctor.js';
import { examineClock, examineControlPlane } from '#libs/program/doctor-checks.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { parseAgentSettings } from '../settings.js';
import { examineDriver, examineKernel } from './host-checks.js';
import { examineBus, examineMesh, openState } from './member-checks.js';
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

async function findingsOf(variables: Parameters<typeof parseAgentSettings>[0]): Promise<readonly Finding[]> {
  trustAuthorities(variables[SETTINGS.caFile.variable]);
  const settings = parseAgentSettings(variables);
  const { driver, controlPlaneUrl } = settings;
  const state = await openState(settings);
  const asked = examineControlPlane(controlPlaneUrl);
  const examinations: readonly Examination[] = [
    { code: 'KERNEL', look: () => examineKernel(driver.name) },
    { code: 'DRIVER', look: () => examineDriver(driver.name, variables) },
    { code: 'ENROLLED', look: async () => state.finding },
    { code: 'CONTROL_PLANE', look: async () => (await asked).finding },
    {
      code: 'CLOCK',
      look: async () => {
        const { time } = await asked;
        if (time === null) return skipped('CLOCK', 'the control plane did not answer with its time');
        return examineClock(time, new Date(), 'the control plane');
      },
    },
    { code: 'BUS', look: () => examineBus(state) },
    { code: 'MESH', look: () => examineMesh(settings, state) },
  ];
  const found = pass('SETTINGS', `agent ${settings.name} with the driver ${driver.name}`);
  const running = state.isRunning
    ? pass('AGENT', `runs on ${settings.stateFolder}`)
    : fail('AGENT', 'does not run', 'systemctl start globalstacks-agent, or globalstacks-agent run');
  const none = skipped('AGENT', 'is not enrolled yet');
  return [found, state.credentials === null ? none : running, ...(await examine(examinations))];
}
