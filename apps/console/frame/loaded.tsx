import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { clockTime } from '../vocabulary/times.js';
import { Problem } from '../writes/problem.js';

const QUIET_MS = 150;
const SLOW_MS = 3_000;

/** An answer of the control plane, or that there is none yet, or why there is none. Earlier data stays, with its time. */
export function Loaded<Data>({
  query,
  title,
  children,
}: {
  readonly query: UseQueryResult<Data>;
  /** The heading while there is nothing to show; for a page that is this answer. */
  readonly title?: string;
  readonly children: (data: Data) => ReactNode;
}) {
  const again = (): void => void query.refetch();
  if (query.data === undefined) {
    return (
      <>
        {title !== undefined && <h1 className="mono">{title}</h1>}
        {query.isError ? <Problem error={query.error} again={again} /> : <Waiting />}
      </>
    );
  }
  return (
    <>
      {query.isError && (
        <div className="as-of">
          <div>
            <b>As of {clockTime(query.dataUpdatedAt, Date.now())}.</b> Asked again without an answer that can be shown.{' '}
            <button type="button" className="link-button" onClick={again}>
              Ask again
            </button>
          </div>
        </div>
      )}
      {children(query.data)}
    </>
  );
}

/** Nothing at first, since most answers come at once; then that something is awaited, and how long already. */
function Waiting() {
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    const timers = [QUIET_MS, SLOW_MS].map((ms) => setTimeout(() => setWaited(ms), ms));
    return () => timers.forEach(clearTimeout);
  }, []);
  if (waited === 0) return null;
  return (
    <p className="third" aria-busy="true">
      {waited < SLOW_MS ? '…' : 'asked 3 s ago, no answer yet'}
    </p>
  );
}
