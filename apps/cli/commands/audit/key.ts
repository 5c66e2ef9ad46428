import { showAuditKey } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../../command.js';

export default class AuditKey extends GstacksCommand {
  static override summary = 'Print the public key that checks exports of the log';
  static override description =
    'Keep it apart from the exports, and from the control plane: `audit verify --file <file> --key <file>` trusts it.';
  static override examples = ['<%= config.bin %> audit key > audit.pem'];

  async run() {
    const { flags } = await this.parse(AuditKey);
    const { client } = await this.connect(flags);
    const key = await showAuditKey({ client });
    if (!this.jsonEnabled()) process.stdout.write(key.publicKey);
    return key;
  }
}
