import { publishAlias } from '#libs/api-client/generated/index.js';
import { aliasArgument, networkArgument, sandboxArgument } from '../../../arguments.js';
import { publishBody, publishFlags } from '../../../publication.js';
import { portsText } from '../../../views.js';
import { WriteCommand } from '../../../write-command.js';

export default class AliasAdd extends WriteCommand {
  static override summary = 'Publish an alias of an attached sandbox';
  static override examples = [
    '<%= config.bin %> network alias add dev sbx-worker worker --port 9090',
    '<%= config.bin %> network alias add dev sbx-api web --port 80:8080 --port 443:8443',
  ];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument, alias: aliasArgument };
  static override flags = publishFlags;

  async run() {
    const { args, flags } = await this.parse(AliasAdd);
    const network = this.networkOf(args.network);
    const body = publishBody(args['sandbox-id'], args.alias, flags);
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
