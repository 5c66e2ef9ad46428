import { networkArgument } from '../../../arguments.js';
import { allowFlags, EgressCommand } from '../../../egress-command.js';
import { SELECTORS } from '../../../rule-command.js';

export default class EgressAllow extends EgressCommand {
  static override summary = 'Allow sandboxes a name outside, on one TCP port';
  static override description = SELECTORS;
  static override examples = [
    '<%= config.bin %> network egress allow dev --from web --to packages.example.com:443',
    '<%= config.bin %> network egress allow dev --from label:tier=web --to *.githubusercontent.com:443 --wait',
    '<%= config.bin %> network egress allow dev --from web --to db.corp.example:5432 --private',
    '<%= config.bin %> network egress allow dev --from web --to packages.example.com:443 --for 2h',
    '<%= config.bin %> network egress allow dev --from web --to api.example.com:443 --via host-b --wait',
  ];
  static override args = { network: networkArgument };
  static override flags = allowFlags;

  async run() {
    const { args, flags } = await this.parse(EgressAllow);
    return this.addEgressRule('allow', args.network, flags);
  }
}
