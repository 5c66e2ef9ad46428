import { NoAnswerError, ProblemError } from '../api/client.js';
import { Prose } from '../vocabulary/phrase.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';

/** A refusal or a missing answer, with what to do next. */
export function Problem({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  const said = describe(error);
  return (
    <div className="receipt failed-edge" role="alert">
      <div className="summary">
        <Said word={{ ...wordOf('failed'), text: said.title }} />
        <span className="anywhere">
          <Prose text={said.detail} />
        </span>
        {said.code !== null && <span className="end mono third">{said.code}</span>}
      </div>
      {(said.remedy !== null || again !== undefined) && (
        <div className="details line">
          {said.remedy !== null && (
            <p className="anywhere">
              <Prose text={said.remedy} />
            </p>
          )}
          {again !== undefined && (
            <button type="button" className="button" onClick={again}>
              Ask again
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface Described {
  readonly title: string;
  readonly detail: string;
  readonly code: string | null;
  readonly remedy: string | null;
}

function describe(error: unknown): Described {
  if (error instanceof ProblemError) {
    const title = error.status === 404 ? 'not found' : error.status >= 500 ? 'error' : 'refused';
    return { title, detail: error.message, code: error.code, remedy: error.remedy };
  }
  if (error instanceof NoAnswerError) {
    return { title: 'no answer', detail: 'The control plane does not answer.', code: null, remedy: null };
  }
  return { title: 'error', detail: 'This page has a fault of its own.', code: null, remedy: 'Load the page again.' };
}
