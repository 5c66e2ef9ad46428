import * as Flags from '@oclif/core/flags';
import { applyDeclaration } from '#libs/api-client/generated/index.js';
import { showChanges, showReachability } from '../declaration/change-text.js';
import {
  applyLine,
  bodyOf,
  declarationFlags,
  inFile,
  previewFile,
  showDeclarationPreview,
} from '../declaration/declaration-command.js';
import { readDeclarationFile } from '../declaration/declaration-file.js';
import { EXIT } from '../errors/exit-codes.js';
import { WriteCommand } from '../write-command.js';

const NOT_WRITING: string[] = ['wait', 'if-match', 'idempotency-key'];

export default class Apply extends WriteCommand {
  static override summary = 'Make a network what a file declares: all of it at once, or nothing';
  static override description =
    'Without --prune nothing is removed. `gstacks network show NETWORK --output yaml` prints such a file.';
  static override examples = [
    '<%= config.bin %> apply -f network.yaml --dry-run',
    '<%= config.bin %> apply -f network.yaml --prune --wait',
    '<%= config.bin %> apply -f network.yaml --prune --check',
  ];
  static override flags = {
    ...declarationFlags,
    'dry-run': Flags.boolean({ description: 'say what would change, and write nothing', exclusive: NOT_WRITING }),
    check: Flags.boolean({
      description: `as --dry-run; exit ${EXIT.differs} if something would change`,
      exclusive: NOT_WRITING,
    }),
  };

  async run() {
    const { flags } = await this.parse(Apply);
    const file = readDeclarationFile(flags.file);
    const network = this.networkOf(file.network);
    if (flags['dry-run'] || flags.check) {
      const { client } = await this.connect(flags);
      const preview = await previewFile(client, file, flags);
      showDeclarationPreview(this.screen, preview, applyLine(flags));
      if (flags.check && preview.count > 0) process.exitCode = EXIT.differs;
      return preview;
    }
    return this.write(
      flags,
      ({ client }, headers) =>
        inFile(file, applyDeclaration({ client, headers, path: { network }, body: bodyOf(file, flags.prune) })),
      ({ version, result }) => {
        showChanges(this.screen, `${network}: changed ${result.count} (version ${version})`, result);
        if (result.count > 0) showReachability(this.screen, result, 'nobody gains or loses access');
      },
    );
  }
}
