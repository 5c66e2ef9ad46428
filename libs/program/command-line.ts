import { parseArgs } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import type { Settings } from './config-file.js';

/** The options and arguments given to a command. */
export interface Given {
  /** null: not given. */
  one(option: string): string | null;
  /** Error: UsageError. */
  need(option: string): string;
  many(option: string): readonly string[];
  has(option: string): boolean;
  readonly arguments: readonly string[];
}

export interface ProgramCommand {
  /** One line that says what the command does. */
  readonly summary: string;
  /** Its options and arguments, as `--help` shows them. */
  readonly usage: string;
  readonly options: { readonly [option: string]: { readonly type: 'string' | 'boolean'; readonly multiple?: boolean } };
  /** How many arguments it takes. */
  readonly arguments?: number;
  /** Resolves with the exit code; null: the process goes on and ends by itself. */
  run(given: Given, environment: Settings): Promise<number | null>;
}

/** The command line names no command, or is invalid for its command. */
export class UsageError extends CodedError {
  constructor(message: string, remedy: string) {
    super('USAGE', message, remedy);
  }
}

const FAILED = 1;
const USAGE = 2;

/**
 * Runs the command that the first argument names and sets the exit code: 2 for an invalid command line, 1 for any other
 * error. Errors are printed to standard error with their code and remedy. `program` is the name that people type.
 */
export async function runCommandLine(
  program: string,
  commands: { readonly [name: string]: ProgramCommand },
  argv: readonly string[],
  environment: Settings,
): Promise<void> {
  const [name = '', ...rest] = argv;
  try {
    const command = commands[name];
    if (['', 'help', '--help', '-h'].includes(name)) return void process.stdout.write(overview(program, commands));
    if (command === undefined) throw new UsageError(`${program} has no command ${name}`, `${program} --help`);
    if (rest.includes('--help') || rest.includes('-h')) {
      return void process.stdout.write(`${command.summary}.\n\nusage: ${program} ${name} ${command.usage}\n`);
    }
    const code = await command.run(givenTo(`${program} ${name}`, command, rest), environment);
    if (code !== null) process.exitCode = code;
  } catch (error) {
    process.exitCode = error instanceof UsageError ? USAGE : FAILED;
    process.stderr.write(errorText(error));
  }
}

/** An error in two lines: what happened, and what to do next. */
export function errorText(error: unknown): string {
  if (!(error instanceof CodedError)) {
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)} (INTERNAL)\n`;
  }
  return `error: ${error.message} (${error.code})\n${error.remedy === null ? '' : `  try: ${error.remedy}\n`}`;
}

function overview(program: string, commands: { readonly [name: string]: ProgramCommand }): string {
  const entries = Object.entries(commands);
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `usage: ${program} COMMAND\n\n${lines.join('')}\n${program} COMMAND --help shows the options of a command.\n`;
}

/** What a command is given by these words. `commandLine` is what people type before them. Error: UsageError. */
export function givenTo(
  commandLine: string,
  command: Pick<ProgramCommand, 'options' | 'arguments'>,
  argv: readonly string[],
): Given {
  const help = `${commandLine} --help`;
  let parsed: { values: { [option: string]: unknown }; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), help);
  }
  const { values, positionals } = parsed;
  const most = command.arguments ?? 0;
  if (positionals.length !== most) {
    throw new UsageError(`${commandLine} takes ${most} arguments, not ${positionals.length}`, help);
  }
  const one = (option: string): string | null => (typeof values[option] === 'string' ? values[option] : null);
  return {
    one,
    need(option) {
      const value = one(option);
      if (value === null || value === '') throw new UsageError(`--${option} is missing`, help);
      return value;
    },
    many: (option) => [values[option] ?? []].flat().map(String),
    has: (option) => values[option] === true,
    arguments: positionals,
  };
}
