/** The number of characters that a terminal shows for this text, one cell each. */
export function width(text: string): number {
  return [...text].length;
}

/** As padEnd, which counts characters outside the basic plane twice. */
export function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

export function longestWord(text: string): number {
  return Math.max(0, ...text.split(' ').map(width));
}

const NO_BREAK = '\u00a0';

/** Makes the text one word for wrapping, shown with plain spaces: for commands to copy, and times. */
export function together(text: string): string {
  return text.replaceAll(' ', NO_BREAK);
}

/**
 * Lines of at most `most` characters, broken between words only: a longer word gets its own line, so that names can be
 * copied.
 */
export function wrap(text: string, most: number): readonly string[] {
  return wrapLines(text, most, most).map(plain);
}

/**
 * As wrap, with `head` before the first line and later lines aligned after it, or only slightly indented if the head
 * takes more than half of the line.
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
