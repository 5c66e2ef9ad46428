import { DEFAULT_WAIT_SECONDS } from '../argv.js';
import { shellLine } from '../shell-line.js';

/**
 * The intended command line for two mistakes that the parser reports as unexpected words: `--wait 30` instead of
 * `--wait=30`, and a command for `sandbox exec` without `--`. null: neither.
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
