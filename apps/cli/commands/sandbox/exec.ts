import { showSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { splitAtDashes } from '../../argv.js';
import { GstacksCommand } from '../../command.js';
import { UsageError } from '../../errors/errors.js';
import { runInContainer } from '../../sandboxes/run-in-container.js';
import { namespaceOf, runInNamespace } from '../../sandboxes/run-in-namespace.js';

export default class SandboxExec extends GstacksCommand {
  static override summary = 'Run a command inside a sandbox of this machine';
  static override usage = 'sandbox exec SANDBOX-ID -- COMMAND...';
  static override description =
    "Enters the sandbox's network namespace with ip netns exec, which needs root, or runs the command in its container through the Docker Engine of this machine. The exit code is the command's own.";
  static override examples = ['<%= config.bin %> sandbox exec sbx-web -- curl -s http://api.dev.gstacks:8080/'];
  static override args = { 'sandbox-id': sandboxArgument };

  async run() {
    const { ours, theirs } = splitAtDashes(this.argv);
    const { args, flags } = await this.parse(SandboxExec, ours);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const [program, ...rest] = theirs;
    if (program === undefined) {
      throw new UsageError(
        'no command is given',
        `gstacks sandbox exec ${sandboxId} -- curl -s http://api.dev.gstacks:8080/`,
      );
    }
    const { client } = await this.connect(flags);
    const sandbox = await showSandbox({ client, path: { sandboxId } });
    const { container } = sandbox;
    const command = [program, ...rest];
    process.exitCode =
      container === null
        ? await runInNamespace(namespaceOf(sandbox, command), command)
        : await runInContainer({ ...sandbox, container }, command);
  }
}
