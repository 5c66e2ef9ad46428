import { showSandbox } from '#libs/api-client/generated/index.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { sandboxArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { agentText, conflictLines } from '../../sandboxes/placement-text.js';
import { unreadableLines } from '../../unreadable-text.js';
import { dnsText, isolationText, labelsText, portsText, sourceText } from '../../views.js';

export default class SandboxShow extends GstacksCommand {
  static override summary = 'Show a sandbox: where it runs, its networks and the aliases it publishes';
  static override examples = ['<%= config.bin %> sandbox show sbx-api'];
  static override args = { 'sandbox-id': sandboxArgument };

  async run() {
    const { args, flags } = await this.parse(SandboxShow);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const { client } = await this.connect(flags);
    const sandbox = await showSandbox({ client, path: { sandboxId } });
    this.screen.line(`sandbox:   ${sandbox.id}`);
    this.screen.line(`status:    ${sandbox.status}`);
    this.screen.line(`agent:     ${agentText(sandbox)}`);
    this.screen.line(`driver:    ${sandbox.driver ?? '-'}`);
    this.screen.line(`labels:    ${labelsText(sandbox.labels) || '-'}`);
    this.screen.line(`isolation: ${isolationText(sandbox)}`);
    this.screen.line(`source:    ${sourceText(sandbox)}`);
    if (sandbox.container === null) this.screen.line(`namespace: ${sandbox.namespace ?? '-'}`);
    else this.screen.line(`container: ${sandbox.container.name} (${sandbox.container.id.slice(0, 12)})`);
    this.screen.line(`dns:       ${dnsText(sandbox)}`);
    for (const line of unreadableLines(sandbox.id, sandbox.unreadable)) this.screen.line(line, 'bad');
    for (const line of conflictLines(sandbox)) this.screen.line(line, 'bad');
    this.screen.line('');
    const published = sandbox.networks.flatMap(({ network, aliases }) =>
      (aliases.length === 0 ? [null] : aliases).map((alias) => ({ network, alias })),
    );
    if (published.length === 0) this.screen.line(`no networks; attach it: gstacks network attach dev ${sandboxId}`);
    else {
      this.screen.table(published, [
        { heading: 'NETWORK', cell: ({ network }) => network },
        { heading: 'NAME', cell: ({ alias }) => alias?.name },
        { heading: 'PORTS', cell: ({ alias }) => (alias === null ? null : portsText(alias.ports)), wraps: true },
      ]);
    }
    return sandbox;
  }
}
