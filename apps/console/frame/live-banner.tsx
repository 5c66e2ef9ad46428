import { useEffect, useState } from 'react';
import { liveState, useObserved } from '../live/live-state.js';
import { Glyph } from '../vocabulary/glyph.js';
import { clockTime, counted } from '../vocabulary/times.js';

const CAUGHT_UP_MS = 10_000;

/** Says that the page shows the past, and for a while after that it no longer does. */
export function LiveBanner() {
  const live = useObserved(liveState);
  const changes = useCaughtUp();
  if (live.kind === 'not-live') {
    return (
      <div className="as-of" role="alert">
        <Glyph name="stale" tone="stale" />
        <div>
          <b>You see things as they were at {clockTime(live.since, Date.now())}.</b> The control plane does not answer.
          Agents keep serving what they applied; what they do now is not known. Writes wait.
        </div>
      </div>
    );
  }
  if (changes === null) return null;
  return (
    <div className="as-of caught-up" role="status">
      <Glyph name="synced" tone="ok" />
      <div>
        <b>live again</b>
        {changes === undefined ? '; everything was asked again' : `; ${counted(changes, 'change')} while away`}
      </div>
    </div>
  );
}

/** The changes while away, for ten seconds after they were made up for; undefined: their number is not known. */
function useCaughtUp(): number | undefined | null {
  const live = useObserved(liveState);
  const [wasAway, setWasAway] = useState(false);
  const [isOver, setIsOver] = useState(false);
  const kind = live.kind;
  useEffect(() => {
    if (kind === 'not-live') {
      setWasAway(true);
      setIsOver(false);
    }
    if (kind !== 'live') return undefined;
    const timer = setTimeout(() => setIsOver(true), CAUGHT_UP_MS);
    return () => clearTimeout(timer);
  }, [kind]);
  return live.kind === 'live' && wasAway && !isOver ? (live.changesWhileAway ?? undefined) : null;
}
