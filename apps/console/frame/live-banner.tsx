import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { networkQuery } from '../api/queries.js';
import { liveState, useObserved } from '../live/live-state.js';
import { Glyph } from '../vocabulary/glyph.js';
import { clockTime, counted, duration } from '../vocabulary/times.js';

const CAUGHT_UP_MS = 10_000;

/** Says that the page shows an old state, and for a while afterwards that it is up to date again. */
export function LiveBanner() {
  const live = useObserved(liveState);
  const changes = useCaughtUp();
  const { network } = useParams({ strict: false });
  const staleness = useQuery({ ...networkQuery(network ?? ''), enabled: false }).data?.maxStalenessSeconds;
  if (live.kind === 'not-live') {
    return (
      <div className="as-of" role="alert">
        <Glyph name="stale" tone="stale" />
        <div>
          <b>
            You see {network === undefined ? 'things as they were' : `${network} as it was`} at{' '}
            {clockTime(live.since, Date.now())}.
          </b>{' '}
          The control plane does not answer. Agents keep serving what they applied; what they do now is not known. You
          can change nothing until it answers again.
          {staleness !== undefined && (
            <div className="remark">
              If agents cannot reach it for longer than {duration(staleness * 1_000)}, the max staleness of {network},
              they stop serving {network}.
            </div>
          )}
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
        {caughtUpText(changes)}
      </div>
    </div>
  );
}

function caughtUpText(changes: number | undefined): string {
  if (changes === undefined) return '; everything was asked again';
  return changes === 0 ? '; nothing changed while away' : `; ${counted(changes, 'change')} while away`;
}

/** The number of changes that were caught up, for ten seconds afterwards; undefined: unknown. */
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
