import type { ReactElement } from 'react';
import { useIsLive } from '../live/live-state.js';
import { wordOf } from './words.js';

/** From this number on, one bar is shown for all. */
const MOST_TICKS = 12;

const OUTLINE = {
  x: '.6',
  y: '.6',
  width: '4.8',
  height: '12.8',
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: '1.2',
};

function mark(state: string): ReactElement {
  switch (state) {
    case 'SYNCED':
      return <rect width="6" height="14" fill="currentColor" />;
    case 'PENDING':
      return (
        <>
          <rect {...OUTLINE} />
          <rect y="7" width="6" height="7" fill="currentColor" />
        </>
      );
    case 'STALE':
      return (
        <>
          <rect {...OUTLINE} />
          <path d="M.8 9 5.2 4.6" stroke="currentColor" strokeWidth="1.2" />
        </>
      );
    case 'FAILED':
      return (
        <>
          <rect {...OUTLINE} />
          <path d="M1 4.5 5 9.5M5 4.5 1 9.5" stroke="currentColor" strokeWidth="1.2" />
        </>
      );
    case 'OFFLINE':
      return <rect {...OUTLINE} strokeDasharray="2 1.6" />;
    default:
      return (
        <>
          <rect {...OUTLINE} />
          <path d="M3 2.4v9.2" stroke="currentColor" strokeWidth="1.2" />
        </>
      );
  }
}

/** One bar per agent, filled by state; the words beside them give the count. */
export function Ticks({ agents }: { readonly agents: readonly { readonly id: string; readonly state: string }[] }) {
  const isLive = useIsLive();
  if (agents.length === 0) return null;
  if (agents.length > MOST_TICKS) {
    const share = agents.filter(({ state }) => state === 'SYNCED').length / agents.length;
    return (
      <span className="ticks" aria-hidden="true">
        <svg
          aria-hidden="true"
          className={`share ${isLive && share === 1 ? 'ok' : isLive ? 'pending' : 'off'}`}
          viewBox="0 0 92 14"
        >
          <rect x=".6" y=".6" width="90.8" height="12.8" fill="none" stroke="currentColor" strokeWidth="1.2" />
          {isLive && <rect width={92 * share} height="14" fill="currentColor" />}
        </svg>
      </span>
    );
  }
  return (
    <span className="ticks" aria-hidden="true">
      {agents.map(({ id, state }) => (
        <svg key={id} aria-hidden="true" className={isLive ? wordOf(state).tone : 'off'} viewBox="0 0 6 14">
          {mark(isLive ? state : 'UNKNOWN')}
        </svg>
      ))}
    </span>
  );
}
