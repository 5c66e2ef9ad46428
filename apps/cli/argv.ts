export const DEFAULT_WAIT_SECONDS = 10;

/**
 * The command line as the parser can read it. The parser knows no flag whose value may be left out, so a bare
 * `--wait` gets its default; `help network` is `network --help`. Nothing after `--` is touched: it is a command of
 * somebody else.
 */
export function prepareArgv(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const ours = end < 0 ? [...argv] : argv.slice(0, end);
  const theirs = end < 0 ? [] : argv.slice(end);
  const [first, ...rest] = ours;
  const asked = first === 'help' ? [...rest, '--help'] : ours;
  return [...asked.map((word) => (word === '--wait' ? `--wait=${DEFAULT_WAIT_SECONDS}` : word)), ...theirs];
}

/** Whether the answer is to be one JSON document, known even when the rest of the line does not parse. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
