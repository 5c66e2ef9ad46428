import { useQuery } from '@tanstack/react-query';
import { changesQuery } from '../api/queries.js';
import { useRefusal } from '../session/session.js';
import { Said } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { wordOf } from '../vocabulary/words.js';
import { Problem } from './problem.js';
import type { WriteState } from './use-write.js';

interface Props {
  readonly network: string;
  readonly state: WriteState;
  /** Sends the same again with the given version; null: with the original one. */
  readonly again: (version: number | null) => void;
  readonly discard: () => void;
  /** Problems about these fields are shown at the field itself. */
  readonly fields?: readonly string[];
}

/** Why a write is not done: refused, lost, or based on an outdated version. */
export function WriteTrouble({ network, state, again, discard, fields = [] }: Props) {
  switch (state.kind) {
    case 'idle':
      return null;
    case 'sending':
      if (state.tries === 0) return null;
      return (
        <p className="asking-again" role="status">
          <Said word={{ ...wordOf('PENDING'), text: 'asking again' }} /> No answer yet; asked{' '}
          {counted(state.tries + 1, 'time')} under one key, so that it is carried out once.
        </p>
      );
    case 'refused':
      if (state.problem.field !== null && fields.includes(state.problem.field)) return null;
      return (
        <>
          <Problem error={state.problem} />
          {state.override !== null && <Override send={state.override} />}
        </>
      );
    case 'lost':
      return (
        <div className="receipt stale-edge" role="alert">
          <div className="summary">
            <Said word={{ ...wordOf('STALE'), text: 'no answer' }} />
            <span>
              The control plane did not answer. It may be written or not: ask again to find out. Under the same key it
              is carried out once, however often it is asked.
            </span>
            <button type="button" className="button" onClick={() => again(null)}>
              Ask again
            </button>
          </div>
        </div>
      );
    case 'conflict':
      return <Conflict network={network} seen={state.seen} again={again} discard={discard} />;
  }
}

/** The history names who overrode which tests. */
function Override({ send }: { readonly send: () => void }) {
  const refusal = useRefusal('admin', 'Overriding policy tests needs');
  return (
    <p className="fields">
      <button type="button" className="button" disabled={refusal !== null} title={refusal ?? undefined} onClick={send}>
        Write it and override the policy tests
      </button>
    </p>
  );
}

function Conflict({ network, seen, again, discard }: Omit<Props, 'state' | 'fields'> & { readonly seen: number }) {
  const { data } = useQuery({ ...changesQuery(network, seen), staleTime: 0 });
  return (
    <div className="receipt stale-edge" role="alert">
      <div className="summary">
        <Said word={{ ...wordOf('STALE'), text: 'not written' }} />
        <span>
          {network} is at {data === undefined ? 'another version' : <b className="mono">v{data.version}</b>} now; you
          started from <span className="mono">v{seen}</span>.
        </span>
      </div>
      {data !== undefined && (
        <div className="details">
          <p>Nothing was written. Since then others changed:</p>
          <ul>
            {data.items.map(({ version, summary, actor }) => (
              <li key={version} className="anywhere">
                <span className="mono">v{version}</span> <span className="mono">{summary}</span>{' '}
                <span className="remark">by {actor}</span>
              </li>
            ))}
          </ul>
          {data.leftOut > 0 && <p className="remark">{data.leftOut} more</p>}
          <div className="line">
            <button type="button" className="button" onClick={() => again(data.version)}>
              Send against v{data.version}
            </button>
            <button type="button" className="button quiet" onClick={discard}>
              Discard
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
