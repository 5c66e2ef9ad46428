import { Fragment } from 'react';
import { CopyButton } from './copy.js';

const shellWords = (words: readonly string[]): readonly string[] => ['gstacks', ...words].map(shellWord);

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$|^<[^<>]+>$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const wordKey = (place: number): string => `word ${place}`;

/** `gstacks network show dev` from its words, quoted for a shell where needed. */
export function CommandWords({ words }: { readonly words: readonly string[] }) {
  return shellWords(words).map((word, place) => (
    <Fragment key={wordKey(place)}>
      {place > 0 && ' '}
      <span className="command-word">{word}</span>
    </Fragment>
  ));
}

/** The equivalent command, to copy. */
export function CommandLine({ words }: { readonly words: readonly string[] }) {
  return (
    <div className="command-line">
      <span className="prompt" aria-hidden="true">
        $
      </span>
      <span className="text">
        <CommandWords words={words} />
      </span>
      <CopyButton text={shellWords(words).join(' ')} />
    </div>
  );
}
