import { GstacksCommand } from '../command.js';
import {
  applyLine,
  declarationFlags,
  previewFile,
  showDeclarationPreview,
} from '../declaration/declaration-command.js';
import { readDeclarationFile } from '../declaration/declaration-file.js';
import { overrideFlag } from '../write-command.js';

export default class Diff extends GstacksCommand {
  static override summary = 'Show what applying a file would change: who gains and who loses what';
  static override description = 'Writes nothing. Between two versions of a network: `gstacks network diff dev 3 4`.';
  static override examples = [
    '<%= config.bin %> diff -f network.yaml',
    '<%= config.bin %> diff -f network.yaml --prune',
  ];
  static override flags = { ...declarationFlags, override: overrideFlag };

  async run() {
    const { flags } = await this.parse(Diff);
    const file = readDeclarationFile(flags.file);
    this.networkOf(file.network);
    const { client } = await this.connect(flags);
    const preview = await previewFile(client, file, flags);
    showDeclarationPreview(this.screen, preview, applyLine(flags));
    return preview;
  }
}
