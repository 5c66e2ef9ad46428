import { useQuery } from '@tanstack/react-query';
import { agentsQuery } from '../api/queries.js';
import { tryNow } from '../live/follow.js';
import { lastPosition, liveState, useObserved } from '../live/live-state.js';
import { Ago, Until } from '../vocabulary/age.js';
import { Glyph } from '../vocabulary/glyph.js';
import { clockTime, counted } from '../vocabulary/times.js';

/** A status line: whether the page is live, the last event, the agents in contact, and the keys. */
export function StatusLine() {
  const live = useObserved(liveState);
  const position = useObserved(lastPosition);
  const agents = useQuery(agentsQuery).data;
  const enrolled = agents?.filter(({ status }) => status !== 'REVOKED');
  const inContact = enrolled?.filter(({ status }) => status === 'ONLINE').length;
  if (live.kind === 'not-live') {
    return (
      <footer className="status-line not-live">
        <span className="state stale">
          <Glyph name="stale" tone="stale" />
          <span>not live</span>
        </span>
        <span>
          since {clockTime(live.since, Date.now())}, <Ago at={live.since} /> old
        </span>
        {position !== null && <span className="wide-only">last event {position.toLocaleString('en')}</span>}
        <span className="wide-only">
          next try <Until at={live.nextTryAt} />
        </span>
        <span className="try-now">
          <button type="button" className="link-button" onClick={tryNow}>
            Try now
          </button>
        </span>
      </footer>
    );
  }
  return (
    <footer className="status-line">
      <span className={`state ${live.kind === 'live' ? 'ok' : 'off'}`}>
        <Glyph name={live.kind === 'live' ? 'synced' : 'unknown'} />
        <span>{live.kind === 'live' ? 'live' : 'connecting'}</span>
      </span>
      {position !== null && (
        <span>
          event <b>{position.toLocaleString('en')}</b>
        </span>
      )}
      {live.kind === 'live' && <span className="wide-only">epoch {live.hello.epoch.counter}</span>}
      {enrolled !== undefined && (
        <span>
          {inContact} of {counted(enrolled.length, 'agent')} in contact
        </span>
      )}
      <span className="end">
        <span>
          <kbd>/</kbd> filter
        </span>
        <span>
          <kbd>g</kbd> <kbd>n</kbd> networks
        </span>
        <span>
          <kbd>?</kbd> keys
        </span>
      </span>
    </footer>
  );
}
