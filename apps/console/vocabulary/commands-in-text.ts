/**
 * First words of commands. Other texts may contain `gstacks` too, such as the name of a Docker network or the end of a
 * DNS name.
 */
export const FIRST_WORDS: readonly string[] = [
  'admin',
  'agent',
  'apply',
  'audit',
  'completion',
  'console',
  'context',
  'diff',
  'login',
  'logout',
  'mesh',
  'network',
  'sandbox',
  'token',
  'whoami',
];

/** Without backquotes, a command ends at a comma, a bracket or a conjunction. */
const MORE_WORDS = String.raw`(?: (?!(?:and|or|to|then|once) )[^\s;,()]*[^\s;,().:])*`;
const COMMAND = new RegExp(String.raw`((?<![\w.])gstacks (?:${FIRST_WORDS.join('|')})\b${MORE_WORDS})`);

/**
 * Splits a text into plain parts and commands that the reader could type, so that the page can set commands in mono.
 */
export function withCommands(text: string): readonly (string | { readonly typed: string })[] {
  return text
    .split('`')
    .flatMap((part, place) => (place % 2 === 1 ? ['', part] : part.split(COMMAND)).map(pieceAt))
    .filter((piece) => piece !== '');
}

/** Splitting by an expression with a group puts the matches at odd indexes. */
function pieceAt(text: string, place: number): string | { readonly typed: string } {
  return place % 2 === 1 ? { typed: text } : text;
}
