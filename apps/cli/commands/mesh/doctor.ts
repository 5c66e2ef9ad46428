import { diagnoseMesh, type MeshDiagnosisDto } from '#libs/api-client/generated/index.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { probeControlServer } from '#libs/control-server/probe.js';
import { GstacksCommand } from '../../command.js';
import { firstProblem, judgeMesh } from '../../mesh/judge-mesh.js';

/** Before it answers, the control plane asks the control server and its API. */
const OTHERS_ANSWER_SECONDS = 15;
const CONTROL_SERVER_WITHIN_MS = 5_000;

export default class MeshDoctor extends GstacksCommand {
  static override summary = 'Check the mesh: its settings, control server, keys and agents';
  static override description =
    'Needs the role admin, since it makes two keys to see whether that works; they are expired at once.';
  static override examples = ['<%= config.bin %> mesh doctor'];

  async run() {
    const { flags } = await this.parse(MeshDoctor);
    const { client } = await this.connect(flags, OTHERS_ANSWER_SECONDS);
    const diagnosis = await diagnoseMesh({ client });
    const checks = [...diagnosis.checks, await fromHere(diagnosis)];
    this.screen.table(checks, [
      { heading: 'CHECK', cell: ({ code }) => code },
      { heading: 'STATUS', cell: ({ status }) => status },
      { heading: 'EVIDENCE', cell: ({ evidence }) => evidence, wraps: true },
    ]);
    this.screen.line('');
    const problem = firstProblem(checks);
    if (problem === null) {
      this.screen.line('no check failed', 'good');
    } else {
      const found = problem.status === 'fail' ? 'failed' : 'is not known';
      const cause = problem.cause === null ? '' : ` (${problem.cause})`;
      this.screen.line(`${problem.code} ${found}: ${problem.evidence}${cause}`, 'bad');
      if (problem.remedy !== null) this.screen.line(`  try: ${problem.remedy}`);
    }
    process.exitCode = judgeMesh(checks);
    return { ...diagnosis, checks };
  }
}

/** A local node of this machine has to reach the control server from here. */
async function fromHere({ meshTransport, meshControlUrl }: MeshDiagnosisDto) {
  const code = 'CONTROL_SERVER_ANSWERS_HERE';
  if (meshTransport !== 'tsnet' || meshControlUrl === null) {
    return { ...skipped(code, 'there is no control server'), cause: null };
  }
  const fault = await probeControlServer(meshControlUrl, CONTROL_SERVER_WITHIN_MS);
  if (fault === null) return { ...pass(code, `${meshControlUrl} answers this machine`), cause: null };
  return { ...fail(code, fault.message, fault.remedy), cause: fault.code };
}
