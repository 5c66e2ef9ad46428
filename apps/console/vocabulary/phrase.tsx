import { Fragment, type ReactNode } from 'react';
import { withCommands } from './commands-in-text.js';

/** A part of a sentence: what is said, what somebody could type, or the id of a rule. */
export type Piece = string | { readonly typed: string } | { readonly rule: string };
export type Phrase = readonly Piece[];

export const typed = (text: string | number): Piece => ({ typed: String(text) });
export const rule = (id: string): Piece => ({ rule: id });

/**
 * ``phrase`${rule(id)} matches all but the ${missed}` ``: numbers and texts are said, pieces and phrases stay what they
 * are.
 */
export function phrase(said: TemplateStringsArray, ...values: readonly (string | number | Piece | Phrase)[]): Phrase {
  return said.flatMap((text, place): Phrase => {
    const value = values[place];
    if (value === undefined) return [text];
    if (typeof value === 'number') return [text, String(value)];
    return Array.isArray(value) ? [text, ...(value as Phrase)] : [text, value as Piece];
  });
}

/** The words of it, as a reader of the screen hears them. */
export function plain(of: Phrase): string {
  return of.map((piece) => (typeof piece === 'string' ? piece : 'typed' in piece ? piece.typed : piece.rule)).join('');
}

interface Props {
  readonly of: Phrase;
  /** What is shown for the id of a rule; else the id. */
  readonly ofRule?: (id: string) => ReactNode;
}

/** Shows a sentence. What a person could type into a terminal or a field is set in mono. */
export function Phrased({ of, ofRule }: Props) {
  return of.map((piece, place) => {
    const key = `${place} ${plain([piece])}`;
    if (typeof piece === 'string') return <Fragment key={key}>{piece}</Fragment>;
    if ('rule' in piece && ofRule !== undefined) return <Fragment key={key}>{ofRule(piece.rule)}</Fragment>;
    return (
      <span key={key} className="mono">
        {plain([piece])}
      </span>
    );
  });
}

/** A text of the control plane or of an agent, with the commands in it. */
export function Prose({ text }: { readonly text: string }) {
  return <Phrased of={withCommands(text)} />;
}
