export const DEFAULT_WAIT_SECONDS = 10;

/** Splits the words before `--`, which are for gstacks, from those after it, which are another command. */
export function splitAtDashes(argv: readonly string[]): { readonly ours: string[]; readonly theirs: string[] } {
  const end = argv.indexOf('--');
  return end < 0 ? { ours: [...argv], theirs: [] } : { ours: argv.slice(0, end), theirs: argv.slice(end + 1) };
}

/**
 * Rewrites the command line for the parser. The parser has no flags with optional values, so a bare `--wait` gets its
 * default; `help network` becomes `network --help`. Everything from `--` on stays as it is.
 */
export function prepareArgv(argv: readonly string[]): string[] {
  const { ours } = splitAtDashes(argv);
  const [first, ...rest] = ours;
  const asked = first === 'help' ? [...rest, '--help'] : ours;
  const prepared = asked.map((word) => (word === '--wait' ? `--wait=${DEFAULT_WAIT_SECONDS}` : word));
  return [...prepared, ...argv.slice(ours.length)];
}

/** Whether `--json` was given, also if the rest of the line cannot be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  return splitAtDashes(argv).ours.includes('--json');
}

/** Whether `--verbose` was given. */
export function wantsEverything(argv: readonly string[]): boolean {
  return splitAtDashes(argv).ours.includes('--verbose');
}

export function asksForHelp(argv: readonly string[]): boolean {
  const { ours } = splitAtDashes(argv);
  return argv.length === 0 || ours.includes('--help') || ours.includes('-h');
}
