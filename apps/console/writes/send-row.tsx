import { useRef } from 'react';
import { CommandLine } from '../vocabulary/command-line.js';
import { useFormFocus } from './use-form-focus.js';

interface Props {
  /** What sending does, on its button. */
  readonly verb: string;
  /** It takes something away from somebody. */
  readonly isCut?: boolean;
  readonly isReady: boolean;
  /** It was sent and answered: what is left is to close the form. */
  readonly isDone?: boolean;
  /** Left out where there is no way back. */
  readonly close?: (() => void) | undefined;
  /** The command that does the same; left out where there is none. */
  readonly words?: readonly string[];
}

/** The end of a form: its button, the way out, and the same at a terminal. */
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
