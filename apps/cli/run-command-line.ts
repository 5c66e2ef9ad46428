import type { Config } from '@oclif/core/config';
import { loadHelpClass, normalizeArgv } from '@oclif/core/help';
import { trustNamedAuthorities } from './api/named-authorities.js';
import { asksForHelp, wantsJson } from './argv.js';
import { UsageError } from './errors/errors.js';
import { EXIT } from './errors/exit-codes.js';
import { reportError } from './errors/report-error.js';
import { loadConfig } from './load-config.js';
import { nearest } from './suggest.js';

/** Finds the command or its help and runs it. Every failure becomes a message and an exit code. */
export async function runCommandLine(argv: string[], root: string): Promise<void> {
  reportLostOutput();
  try {
    const config = await loadConfig(root);
    if (asksForHelp(argv)) return await showHelp(config, argv);
    await trustNamedAuthorities();
    const [id = '', ...rest] = normalizeArgv(config, argv);
    const command = config.findCommand(id);
    if (command !== undefined) await config.runCommand(id, rest, command);
    else if (config.findTopic(id) !== undefined && rest.length === 0) await showHelp(config, argv);
    else throw unknownCommand(config, argv);
  } catch (error) {
    reportError(error, { commandLine: 'gstacks', argv, network: null, isJson: wantsJson(argv) });
  }
}

/**
 * On a full disk the answer is lost, which is reported. A reader that stops early, as in `... | head -1`, is no
 * failure.
 */
function reportLostOutput(): void {
  process.stdout.removeAllListeners('error');
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => {});
    if (error.code === 'EPIPE') return;
    process.exitCode = EXIT.internal;
    process.stderr.write(
      `error: standard output cannot be written (${error.code}): the answer is incomplete (OUTPUT_LOST)\n`,
    );
    process.stderr.write(
      '  try: free space where it is written, and run it again; a command that writes has taken effect\n',
    );
  });
}

async function showHelp(config: Config, argv: string[]): Promise<void> {
  const [id = ''] = normalizeArgv(
    config,
    argv.filter((word) => word !== '--help' && word !== '-h'),
  );
  if (id !== '' && !id.startsWith('-') && !config.findCommand(id) && !config.findTopic(id))
    throw unknownCommand(config, argv);
  const Help = await loadHelpClass(config);
  await new Help(config, config.pjson.oclif.helpOptions).showHelp(argv);
}

/** How many commands are named to somebody who typed none. */
const MOST_NAMED = 3;

function unknownCommand(config: Config, argv: readonly string[]): UsageError {
  const flag = argv.findIndex((word) => word.startsWith('-'));
  const words = flag < 0 ? argv : argv.slice(0, flag);
  const known = config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const typed = words.join(' ');
  const near = nearestCommands(words, known);
  const topic = known.some((command) => command.startsWith(`${words[0]} `)) ? ` ${words[0]}` : '';
  return new UsageError(
    typed === '' ? `a command comes before its flags: ${argv.join(' ')}` : `there is no command \`${typed}\``,
    near.length > 0 ? near.map((command) => `gstacks ${command}`).join(', or ') : `gstacks${topic} --help`,
    'UNKNOWN_COMMAND',
  );
}

/**
 * Arguments may follow the mistyped command, so as many words are compared as each command has, each on its own:
 * `network rename` is no typing error of `network delete`.
 */
function nearestCommands(words: readonly string[], known: readonly string[]): readonly string[] {
  const found = known.filter((command) =>
    command.split(' ').every((word, place) => nearest(words[place] ?? '', [word]).length > 0),
  );
  const best = nearest(words.join(' '), found, MOST_NAMED);
  if (best.length > 0) return best;
  return (found.length > 0 ? found : withoutTopic(words, known)).slice(0, MOST_NAMED);
}

/** `policy list dev` is `network policy list` without its first word. */
function withoutTopic(words: readonly string[], known: readonly string[]): readonly string[] {
  return known.filter((command) => {
    const [, ...rest] = command.split(' ');
    return rest.length > 0 && rest.every((word, place) => word === words[place]);
  });
}
