import { CommandLine } from '../vocabulary/command-line.js';

interface Props {
  /** What sending does, on its button. */
  readonly verb: string;
  /** It takes something away from somebody. */
  readonly isCut?: boolean;
  readonly isReady: boolean;
  /** Left out where there is no way back. */
  readonly close?: (() => void) | undefined;
  readonly closing?: 'Cancel' | 'Close';
  /** The command that does the same; left out where there is none. */
  readonly words?: readonly string[];
}

/** The end of a form: its button, the way out, and the same at a terminal. */
export function SendRow({ verb, isCut = false, isReady, close, closing = 'Cancel', words }: Props) {
  return (
    <div className="send">
      <button type="submit" className={isCut ? 'button cuts' : 'button primary'} disabled={!isReady}>
        {verb}
      </button>
      {close !== undefined && (
        <button type="button" className="button quiet" onClick={close}>
          {closing}
        </button>
      )}
      {words !== undefined && <CommandLine words={words} />}
    </div>
  );
}
