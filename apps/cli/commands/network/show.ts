import * as Flags from '@oclif/core/flags';
import {
  type DeclarationDto,
  listAliases,
  listAttachments,
  listEgressRules,
  listRules,
  showDeclaration,
  showNetwork,
} from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { networkArgument } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { readAll } from '../../list-command.js';
import { unreadableLines } from '../../unreadable-text.js';
import { aliasColumns, attachmentColumns, egressColumns, ruleColumns } from '../../views.js';

export default class NetworkShow extends GstacksCommand {
  static override summary = 'Show a network, what is attached to it, its aliases and its policy';
  static override examples = ['<%= config.bin %> network show dev', '<%= config.bin %> network show dev --output yaml'];
  static override args = { network: networkArgument };
  static override flags = {
    output: Flags.string({ description: 'yaml: the file that `gstacks apply -f <file>` takes', helpValue: '<format>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkShow);
    const path = { network: this.networkOf(args.network) };
    const format = flags.output === undefined ? null : wordOf(['yaml'])(flags.output, '--output');
    const { client } = await this.connect(flags);
    if (format === 'yaml') return this.showYaml(await showDeclaration({ client, path }));
    const network = await showNetwork({ client, path });
    const [attachments, aliases, rules, egress] = await Promise.all([
      readAll((query) => listAttachments({ client, path, query })),
      readAll((query) => listAliases({ client, path, query })),
      readAll((query) => listRules({ client, path, query })),
      readAll((query) => listEgressRules({ client, path, query })),
    ]);
    this.screen.line(`network:       ${network.name}`);
    this.screen.line(`status:        ${network.status}`);
    this.screen.line(`DNS suffix:    ${network.suffix}`);
    this.screen.line(`mode:          ${network.mode}`);
    this.screen.line(`version:       ${network.version} (epoch ${network.epoch.counter})`);
    this.screen.line(`max staleness: ${network.maxStalenessSeconds} s`);
    for (const line of unreadableLines(network.name, network.unreadable)) this.screen.line(line, 'bad');
    this.section(
      'attached',
      attachments.items,
      attachmentColumns,
      `gstacks network attach ${network.name} <sandbox-id>`,
    );
    this.section(
      'aliases',
      aliases.items,
      aliasColumns,
      `gstacks network alias add ${network.name} <sandbox-id> api --port 8080`,
    );
    this.section(
      'policy (all else is denied)',
      rules.items,
      ruleColumns,
      `gstacks network policy allow ${network.name} --from local --to api --port 8080`,
    );
    this.section(
      'egress (no other name outside exists for its sandboxes)',
      egress.items,
      egressColumns,
      `gstacks network egress allow ${network.name} --from any --to packages.example.com:443`,
    );
    return {
      ...network,
      ...{ attachments: attachments.items, aliases: aliases.items, rules: rules.items, egress: egress.items },
    };
  }

  /** With --json, the same as one document. */
  private async showYaml(declaration: DeclarationDto) {
    // No other view of a network needs the library.
    const { declarationYaml } = await import('../../declaration/declaration-yaml.js');
    for (const line of declarationYaml(declaration).trimEnd().split('\n')) this.screen.line(line);
    return declaration;
  }

  private section<Row>(
    title: string,
    rows: readonly Row[],
    columns: Parameters<typeof this.screen.table<Row>>[1],
    whenEmpty: string,
  ): void {
    this.screen.line('');
    this.screen.line(`${title}:`);
    if (rows.length === 0) this.screen.line(`none; add one: ${whenEmpty}`);
    else this.screen.table(rows, columns);
  }
}
