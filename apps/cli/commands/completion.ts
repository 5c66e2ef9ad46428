import { join } from 'node:path';
import { wordOf } from '#libs/contracts/json-fields.js';
import { required } from '../arguments.js';
import { GstacksCommand } from '../command.js';
import { completionScript, SHELLS, USE } from '../completion/scripts.js';

export default class Completion extends GstacksCommand {
  static override summary = 'Print the script by which a shell completes commands and names';
  static override description =
    `It asks the control plane for names of networks, aliases, sandboxes, agents and tokens, and stays silent when that is away.\n\n${SHELLS.map((shell) => USE[shell]).join('\n')}`;
  static override examples = ['<%= config.bin %> completion bash', 'source <(<%= config.bin %> completion bash)'];
  static override args = { shell: required(SHELLS.join(', ')) };

  async run() {
    const { args } = await this.parse(Completion);
    const shell = wordOf(SHELLS)(args.shell, 'shell');
    const script = completionScript(shell, join(this.config.root, 'bin', 'gstacks'));
    if (!this.jsonEnabled()) process.stdout.write(script);
    return { shell, script };
  }
}
