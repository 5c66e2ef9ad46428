import { CopyButton } from './copy.js';

/** `gstacks network show dev`, from its words; a word that a shell would read otherwise is quoted. */
export function commandText(words: readonly string[]): string {
  return ['gstacks', ...words].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$|^<[^<>]+>$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same at a terminal, to copy. */
export function CommandLine({ words }: { readonly words: readonly string[] }) {
  const text = commandText(words);
  return (
    <div className="command-line">
      <span className="prompt" aria-hidden="true">
        $
      </span>
      <span className="text">{text}</span>
      <CopyButton text={text} />
    </div>
  );
}
