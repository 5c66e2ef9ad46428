import { DNS_SUFFIX, type FullNameError } from '#libs/contracts/ids.js';
import { DEFAULT_WAIT_SECONDS } from '../argv.js';
import { shellLine } from '../shell-line.js';

/**
 * The intended command line for three mistakes that the parser reports as unexpected words: `--wait 30` instead of
 * `--wait=30`, a command for `sandbox exec` without `--`, and the alias of `network attach` without `--alias`. null:
 * none of them.
 */
export function correctedLine(command: string, argv: readonly string[]): string | null {
  const bareWait = argv.indexOf(`--wait=${DEFAULT_WAIT_SECONDS}`);
  const seconds = argv[bareWait + 1] ?? '';
  if (bareWait >= 0 && /^\d+[smhd]?$/.test(seconds)) {
    return `${command} ${shellLine(argv.toSpliced(bareWait, 2, `--wait=${seconds}`))}`;
  }
  const [sandboxId, ...words] = argv;
  if (command.endsWith(' sandbox exec') && sandboxId !== undefined && words.length > 0 && !argv.includes('--')) {
    return `${command} ${shellLine([sandboxId, '--', ...words])}`;
  }
  return command.endsWith(' attach') ? attachLines(command, argv) : null;
}

/** Which of the two is the sandbox only the control plane knows, and a wrong command line asks it nothing. */
function attachLines(command: string, [network, first, second, ...flags]: readonly string[]): string | null {
  const isName = (word: string | undefined): word is string => word !== undefined && !word.startsWith('-');
  if (!isName(network) || !isName(first) || !isName(second) || flags.includes('--alias')) return null;
  const ports = flags.some((flag) => /^--port\b/.test(flag)) ? '' : ' --port <port>';
  const line = (sandboxId: string, alias: string) =>
    `${command} ${shellLine([network, sandboxId, '--alias', alias, ...flags])}${ports}`;
  return `${line(second, first)}, if ${second} is the sandbox, or ${line(first, second)}`;
}

/** The command line with names of its network as it takes them: `api` for `api.dev.gstacks`. */
export function lineWithoutSuffix(
  command: string,
  argv: readonly string[],
  { found, label, network }: Pick<FullNameError, 'found' | 'label' | 'network'>,
): string {
  const zone = `.${network}.${DNS_SUFFIX}`;
  return `${command} ${shellLine(argv.map((word) => word.replace(found, label).replace(zone, '')))}`;
}
