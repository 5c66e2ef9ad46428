export const DEFAULT_WAIT_SECONDS = 10;

/** The words before `--`, which are ours, and after it, which are a command of somebody else. */
export function splitAtDashes(argv: readonly string[]): { readonly ours: string[]; readonly theirs: string[] } {
  const end = argv.indexOf('--');
  return end < 0 ? { ours: [...argv], theirs: [] } : { ours: argv.slice(0, end), theirs: argv.slice(end + 1) };
}

/**
 * The command line as the parser can read it. The parser knows no flag whose value may be left out, so a bare
 * `--wait` gets its default; `help network` is `network --help`. Nothing from `--` on is touched.
 */
export function prepareArgv(argv: readonly string[]): string[] {
  const { ours } = splitAtDashes(argv);
  const [first, ...rest] = ours;
  const asked = first === 'help' ? [...rest, '--help'] : ours;
  const prepared = asked.map((word) => (word === '--wait' ? `--wait=${DEFAULT_WAIT_SECONDS}` : word));
  return [...prepared, ...argv.slice(ours.length)];
}

/** Whether the answer is to be one JSON document, known even when the rest of the line does not parse. */
export function wantsJson(argv: readonly string[]): boolean {
  return splitAtDashes(argv).ours.includes('--json');
}

/** Whether everything is to be shown, also what has no room. */
export function wantsEverything(argv: readonly string[]): boolean {
  return splitAtDashes(argv).ours.includes('--verbose');
}

export function asksForHelp(argv: readonly string[]): boolean {
  const { ours } = splitAtDashes(argv);
  return argv.length === 0 || ours.includes('--help') || ours.includes('-h');
}
