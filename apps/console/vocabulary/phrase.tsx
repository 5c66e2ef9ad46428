import { Fragment, type ReactNode } from 'react';
import { withCommands } from './commands-in-text.js';

/** A part of a sentence: a text, something to type, or the id of a rule. */
export type Piece = string | { readonly typed: string } | { readonly rule: string };
export type Phrase = readonly Piece[];

export const typed = (text: string | number): Piece => ({ typed: String(text) });
export const rule = (id: string): Piece => ({ rule: id });

/**
 * ``phrase`${rule(id)} matches all but the ${missed}` ``: numbers and texts become text, pieces and phrases are kept.
 */
export function phrase(said: TemplateStringsArray, ...values: readonly (string | number | Piece | Phrase)[]): Phrase {
  return said.flatMap((text, place): Phrase => {
    const value = values[place];
    if (value === undefined) return [text];
    if (typeof value === 'number') return [text, String(value)];
    return Array.isArray(value) ? [text, ...(value as Phrase)] : [text, value as Piece];
  });
}

/** As plain text, for screen readers. */
export function plain(of: Phrase): string {
  return of.map((piece) => (typeof piece === 'string' ? piece : 'typed' in piece ? piece.typed : piece.rule)).join('');
}

interface Props {
  readonly of: Phrase;
  /** Renders the id of a rule; absent: the id itself. */
  readonly ofRule?: (id: string) => ReactNode;
}

/** Renders a sentence, with what can be typed set in mono. */
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

/** A text of the control plane or an agent, with its commands set in mono. */
export function Prose({ text }: { readonly text: string }) {
  return <Phrased of={withCommands(text)} />;
}
