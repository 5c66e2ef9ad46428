import * as Flags from '@oclif/core/flags';
import { publishAlias } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { parseAliasPorts, portText } from '#libs/contracts/ports.js';
import { aliasArgument, networkArgument, sandboxArgument } from '../../../arguments.js';
import { portsText } from '../../../views.js';
import { WriteCommand } from '../../../write-command.js';

export default class AliasAdd extends WriteCommand {
  static override summary = 'Publish an alias of an attached sandbox';
  static override examples = [
    '<%= config.bin %> network alias add dev sbx-worker worker --port 9090',
    '<%= config.bin %> network alias add dev sbx-api web --port 80:8080 --port 443:8443',
  ];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument, alias: aliasArgument };
  static override flags = {
    port: Flags.string({
      description: 'port, or published:inside; may be repeated',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<port>',
    }),
    'inherit-rules': Flags.boolean({ description: 'take over rules left for this alias by another sandbox' }),
    'replace-ports': Flags.boolean({ description: 'publish these ports alone: an alias that exists loses the others' }),
  };

  async run() {
    const { args, flags } = await this.parse(AliasAdd);
    const network = this.networkOf(args.network);
    const body = {
      sandboxId: parseSandboxId(args['sandbox-id'], 'sandbox-id'),
      alias: parseAliasName(args.alias, 'alias'),
      ports: parseAliasPorts(flags.port, '--port').map(portText),
      inheritRules: flags['inherit-rules'],
      replacePorts: flags['replace-ports'],
    };
    return this.write(
      flags,
      ({ client }, headers) => publishAlias({ client, headers, path: { network }, body }),
      ({ changed, version, result }) => {
        const done = changed ? 'publishes' : 'publishes already';
        this.screen.line(
          `${result.sandboxId} ${done} ${result.name} on ${portsText(result.ports)} (version ${version})`,
        );
      },
    );
  }
}
