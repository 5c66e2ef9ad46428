import { DEFAULT_WAIT_SECONDS } from '../argv.js';
import { shellLine } from '../shell-line.js';

/**
 * The command line that was meant, for two slips that the parser only calls unexpected words: `--wait 30`, whose value
 * follows an equals sign, and a command for `sandbox exec` without `--` before it. null: neither was made.
 */
export function correctedLine(command: string, argv: readonly string[]): string | null {
  const bareWait = argv.indexOf(`--wait=${DEFAULT_WAIT_SECONDS}`);
  const seconds = argv[bareWait + 1] ?? '';
  if (bareWait >= 0 && /^\d+$/.test(seconds)) {
    return `${command} ${shellLine(argv.toSpliced(bareWait, 2, `--wait=${seconds}`))}`;
  }
  const [sandboxId, ...words] = argv;
  if (command.endsWith(' sandbox exec') && sandboxId !== undefined && words.length > 0 && !argv.includes('--')) {
    return `${command} ${shellLine([sandboxId, '--', ...words])}`;
  }
  return null;
}
