/** What a command begins with. A network of a container engine may be called gstacks, and names end so. */
export const FIRST_WORDS: readonly string[] = [
  'admin',
  'agent',
  'apply',
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

/** Without backquotes a command goes on up to a comma, a bracket or a word that joins it to what follows. */
const MORE_WORDS = String.raw`(?: (?!(?:and|or|to|then|once) )[^\s;,()]*[^\s;,().:])*`;
const COMMAND = new RegExp(String.raw`((?<![\w.])gstacks (?:${FIRST_WORDS.join('|')})\b${MORE_WORDS})`);

/** Cuts a text into plain parts and commands that the reader could type, so that the page can set commands in mono. */
export function withCommands(text: string): readonly (string | { readonly typed: string })[] {
  return text
    .split('`')
    .flatMap((part, place) => (place % 2 === 1 ? ['', part] : part.split(COMMAND)).map(pieceAt))
    .filter((piece) => piece !== '');
}

/** Splitting by an expression with a group puts what it found at the odd places. */
function pieceAt(text: string, place: number): string | { readonly typed: string } {
  return place % 2 === 1 ? { typed: text } : text;
}
