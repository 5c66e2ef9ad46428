import * as Flags from '@oclif/core/flags';
import type { Client } from '#libs/api-client/generated/client/index.js';
import { type DeclarationPreviewDto, previewDeclaration } from '#libs/api-client/generated/index.js';
import { ApiError } from '../errors/errors.js';
import type { Screen } from '../output/screen.js';
import { shellLine } from '../shell-line.js';
import { testsHeader } from '../write-command.js';
import { showChanges } from './change-text.js';
import type { DeclarationFile } from './declaration-file.js';
import { showPreview } from './preview-text.js';

export const declarationFlags = {
  file: Flags.string({
    char: 'f',
    description: 'YAML file that declares the network; - reads it from standard input',
    required: true,
    helpValue: '<file>',
  }),
  prune: Flags.boolean({ description: 'also remove what the file does not name' }),
};

/** How a file is to be applied. */
interface ApplyFlags {
  readonly file: string;
  readonly prune: boolean;
  readonly override?: boolean;
}

/** The body of the requests that take a declaration. */
export function bodyOf({ declaration }: DeclarationFile, prune: boolean) {
  const { sandboxes, rules, egress } = declaration;
  return {
    sandboxes: sandboxes.map(({ sandbox, aliases }) => ({
      sandbox,
      aliases: aliases.map(({ alias, ports }) => ({ alias, ports: ports.map((port) => ({ ...port })) })),
    })),
    rules: rules.map((rule) => ({ ...rule })),
    egress: egress.map((rule) => ({ ...rule })),
    prune,
  };
}

/** A refusal that is about a member of the file names its place there. */
export async function inFile<Answer>(file: DeclarationFile, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const place = error instanceof ApiError && error.field !== null ? file.placeOf(error.field) : null;
    if (!(error instanceof ApiError) || place === null) throw error;
    throw new ApiError(error.status, error.code, `${place}: ${error.message}`, error.remedy, error.field);
  }
}

/** Asks what applying the file would do. */
export function previewFile(client: Client, file: DeclarationFile, flags: ApplyFlags): Promise<DeclarationPreviewDto> {
  const path = { network: file.network };
  return inFile(
    file,
    previewDeclaration({ client, headers: testsHeader(flags), path, body: bodyOf(file, flags.prune) }),
  );
}

/** What applying would change, and how exactly that is applied and nothing else. */
export function showDeclarationPreview(screen: Screen, preview: DeclarationPreviewDto, applyLine: string): void {
  const { network, version, count } = preview;
  showChanges(screen, `${network}: ${count} to change at version ${version}`, preview);
  if (count === 0) return;
  showPreview(screen, preview);
  screen.line(`to apply exactly this: ${applyLine} --if-match ${version}`);
}

/** The command line that applies a file. */
export function applyLine({ file, prune, override }: ApplyFlags): string {
  const words = shellLine(['-f', file, ...(prune ? ['--prune'] : []), ...(override ? ['--override'] : [])]);
  return `gstacks apply ${words}`;
}
