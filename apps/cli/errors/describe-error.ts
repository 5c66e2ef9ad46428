import { stripVTControlCharacters } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import { FullNameError } from '#libs/contracts/ids.js';
import { correctedLine, lineWithoutSuffix } from './corrected-line.js';

/** An error, for people and for `--json`. */
export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface FailedLine {
  /** The command, without its arguments: `gstacks network create`. */
  readonly commandLine: string;
  /** Its arguments, as the parser got them. */
  readonly argv: readonly string[];
  /** The network that it is about. */
  readonly network: string | null;
}

/** An error in the user's words, with a command to try next. */
export function describeError(error: unknown, { commandLine, argv, network }: FailedLine): DescribedError {
  if (error instanceof FullNameError && error.network === (network ?? error.network)) {
    return { code: error.code, message: error.message, remedy: lineWithoutSuffix(commandLine, argv, error) };
  }
  if (error instanceof CodedError) {
    return {
      code: error.code,
      message: error.message,
      remedy: withCommand(error.remedy, nextCommand(error.code, commandLine, network)),
    };
  }
  if (error instanceof Error && 'oclif' in error) {
    return {
      code: 'USAGE',
      message: parserMessage(error.message),
      remedy: correctedLine(commandLine, argv) ?? `${commandLine} --help`,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: `this is a defect of gstacks: ${message}`,
    remedy: `${commandLine} --help; if the command line is right, report the message above`,
  };
}

/** The parser's messages end with advice that the remedy repeats, and contain colours and line breaks. */
function parserMessage(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/\n*See more help with --help$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/required flag (?=\w)/g, 'required flag --')
    .split('\n')
    .map((line) => line.trim().replace(/\s{2,}/g, ' - '))
    .filter((line) => line !== '')
    .join('; ')
    .replace(/:; /, ': ');
}

function withCommand(remedy: string | null, command: string): string {
  if (remedy === null || remedy === '') return command;
  return /\b(gstacks|npm|sudo) /.test(remedy) ? remedy : `${remedy} (next: ${command})`;
}

const BY_CODE: readonly (readonly [RegExp, (network: string) => string])[] = [
  [/^FULL_NAME$/, (network) => `gstacks network show ${network}`],
  [/^NETWORK_NOT_EMPTY$/, (network) => `gstacks network delete ${network} --detach-all`],
  [/^NETWORK_(NOT_FOUND|TAKEN|EXISTS)$/, () => 'gstacks network list'],
  [/^SANDBOX_/, () => 'gstacks sandbox list'],
  [/^(ALIAS|NO_ALIAS|NO_PORT|PORT)/, (network) => `gstacks network alias list ${network}`],
  [/^RULE_/, (network) => `gstacks network policy list ${network}`],
  [/^AGENT_/, () => 'gstacks agent list'],
  [/^(UNAUTHENTICATED|UNAUTHORIZED|TOKEN_)/, () => 'gstacks login --url <url>'],
  [/^FORBIDDEN/, () => 'gstacks whoami'],
  [/^(VERSION_CONFLICT|NOT_ATTACHED)$/, (network) => `gstacks network show ${network}`],
  [/^IDEMPOTENCY/, (network) => `gstacks network show ${network}`],
];

function nextCommand(code: string, commandLine: string, network: string | null): string {
  const found = BY_CODE.find(([pattern]) => pattern.test(code));
  return found === undefined ? `${commandLine} --help` : found[1](network ?? '<network>');
}
