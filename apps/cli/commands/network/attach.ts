import * as Flags from '@oclif/core/flags';
import { attachSandbox } from '#libs/api-client/generated/index.js';
import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { parseAliasPorts, portText } from '#libs/contracts/ports.js';
import { networkArgument, sandboxArgument } from '../../arguments.js';
import { UsageError } from '../../errors/errors.js';
import { dnsText, portsText } from '../../views.js';
import { WriteCommand } from '../../write-command.js';

export default class NetworkAttach extends WriteCommand {
  static override summary = 'Attach a sandbox to a network, with an alias or without';
  static override examples = [
    '<%= config.bin %> network attach dev sbx-api --alias api --port 8080',
    '<%= config.bin %> network attach dev sbx-web',
  ];
  static override args = { network: networkArgument, 'sandbox-id': sandboxArgument };
  static override flags = {
    alias: Flags.string({ description: 'alias to publish; needs --port', helpValue: '<alias>' }),
    port: Flags.string({
      description: 'port, or published:inside; may be repeated; needs --alias',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<port>',
    }),
    'inherit-rules': Flags.boolean({ description: 'take over rules left for this alias by another sandbox' }),
    'replace-ports': Flags.boolean({ description: 'publish these ports alone: an alias that exists loses the others' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkAttach);
    const network = this.networkOf(args.network);
    const sandboxId = parseSandboxId(args['sandbox-id'], 'sandbox-id');
    const body = {
      sandboxId,
      ...publication(flags.alias, flags.port),
      inheritRules: flags['inherit-rules'],
      replacePorts: flags['replace-ports'],
    };
    return this.write(
      flags,
      ({ client }, headers) => attachSandbox({ client, headers, path: { network }, body }),
      ({ changed, version, result }) => {
        this.screen.line(`${sandboxId} ${changed ? 'attached' : 'is attached'} to ${network} (version ${version})`);
        for (const { name, ports } of result.aliases) this.screen.line(`publishes ${name} on ${portsText(ports)}`);
        this.screen.line(`dns: ${dnsText(result)}`);
      },
    );
  }
}

function publication(alias: string | undefined, ports: readonly string[] | undefined) {
  if (alias === undefined && ports === undefined) return {};
  if (alias === undefined || ports === undefined) {
    const missing = alias === undefined ? '--alias' : '--port';
    throw new UsageError(
      `${missing} is missing: --alias and --port go together, or neither is given`,
      'gstacks network attach dev <sandbox-id> --alias api --port 8080',
    );
  }
  return { alias: parseAliasName(alias, '--alias'), ports: parseAliasPorts(ports, '--port').map(portText) };
}
