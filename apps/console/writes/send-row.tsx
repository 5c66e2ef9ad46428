import { useRef } from 'react';
import { CommandLine } from '../vocabulary/command-line.js';
import { useFormFocus } from './use-form-focus.js';

interface Props {
  /** The button's text: what sending does. */
  readonly verb: string;
  /** Whether it takes access away. */
  readonly isCut?: boolean;
  readonly isReady: boolean;
  /** Sent and answered: only closing is left. */
  readonly isDone?: boolean;
  /** Absent: the form cannot be cancelled. */
  readonly close?: (() => void) | undefined;
  /** The equivalent command; absent: none. */
  readonly words?: readonly string[];
}

/** The end of a form: its button, cancelling, and the equivalent command. */
export function SendRow({ verb, isCut = false, isReady, isDone = false, close, words }: Props) {
  const row = useRef<HTMLDivElement>(null);
  useFormFocus(row, close);
  return (
    <div className="send" ref={row}>
      {!isDone && (
        <button type="submit" className={isCut ? 'button cuts' : 'button primary'} disabled={!isReady}>
          {verb}
        </button>
      )}
      {close !== undefined && (
        <button type="button" className={isDone ? 'button' : 'button quiet'} onClick={close}>
          {isDone ? 'Close' : 'Cancel'}
        </button>
      )}
      {words !== undefined && !isDone && <CommandLine words={words} />}
    </div>
  );
}
