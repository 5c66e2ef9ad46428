import { useIsLive } from '../live/live-state.js';
import { Glyph } from './glyph.js';
import { pastWordOf, type Word, wordOf } from './words.js';

/** A state as icon and word; while the page is not live, in the past tense. */
export function State({ of, text }: { readonly of: string; readonly text?: string }) {
  const isLive = useIsLive();
  const word = isLive ? wordOf(of) : pastWordOf(of);
  return <Said word={text === undefined ? word : { ...word, text: isLive ? text : `was ${text}` }} />;
}

/** A verdict of the current rules, which stays valid while the page is not live. */
export function VerdictWord({ of }: { readonly of: 'allow' | 'deny' | 'mixed' | 'no-rule' }) {
  return <Said word={wordOf(of)} />;
}

export function Said({ word }: { readonly word: Word }) {
  return (
    <span className={`state ${word.tone}`}>
      <Glyph name={word.glyph} tone={word.tone} />
      {word.text}
    </span>
  );
}
