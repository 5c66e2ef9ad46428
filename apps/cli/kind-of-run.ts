import { asksForHelp, prepareArgv } from './argv.js';

/**
 * Names what a command line runs: one of `commands` (such as `network list`), or what others share. Command lines of
 * one kind run the same code, which is kept compiled for them. `argv`: the words after `gstacks`.
 */
export function kindOfRun(argv: readonly string[], commands: readonly string[]): string {
  const [first = '', ...rest] = prepareArgv(argv);
  if (first === '__complete') return 'complete';
  if (first === '--version' || first === '-v') return 'version';
  if (asksForHelp([first, ...rest])) return 'help';
  const typed = `${[first, ...rest].join(' ')} `;
  const [command = 'help'] = commands
    .filter((name) => typed.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length);
  return command.replaceAll(' ', '-');
}
