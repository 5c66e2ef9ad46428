/** Characters a terminal shows this text in, as long as each takes one cell. */
export function width(text: string): number {
  return [...text].length;
}

/** As padEnd, which counts letters outside the basic plane twice. */
export function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

export function longestWord(text: string): number {
  return Math.max(0, ...text.split(' ').map(width));
}

const NO_BREAK = '\u00a0';

/** The text as one word to wrap, which then shows it with plain spaces: a command that is to be copied, a time. */
export function together(text: string): string {
  return text.replaceAll(' ', NO_BREAK);
}

/**
 * Lines of at most `most` characters, broken between words only: a word that is longer gets a line of its own and
 * stays whole, so that a name can be copied.
 */
export function wrap(text: string, most: number): readonly string[] {
  return wrapLines(text, most, most).map(plain);
}

/**
 * As wrap, with `head` before the first line, and later lines below what follows `head`; a head that takes more than
 * half of the line has them a little indented instead.
 */
export function wrapAfter(head: string, text: string, most: number): readonly string[] {
  const indent = width(head) <= most / 2 ? width(head) : LITTLE;
  const [first = '', ...later] = wrapLines(text, most - width(head), most - indent);
  return [head + first, ...later.map((line) => ' '.repeat(indent) + line)].map(plain);
}

const LITTLE = 4;

function plain(line: string): string {
  return line.replaceAll(NO_BREAK, ' ').trimEnd();
}

function wrapLines(text: string, mostOfFirst: number, mostOfOthers: number): readonly string[] {
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(' ')) {
    const longer: string = line === null || (line === '' && lines.length > 0) ? word : `${line} ${word}`;
    if (line !== null && line.trim() !== '' && width(longer) > (lines.length === 0 ? mostOfFirst : mostOfOthers)) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line ?? ''];
}
