import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ProblemError } from '../api/client.js';
import { sessionQuery } from '../api/queries.js';
import { follow } from '../live/follow.js';
import { liveState, useObserved } from '../live/live-state.js';
import { announcement } from '../writes/own-writes.js';
import { Problem } from '../writes/problem.js';
import { Keys } from './keys.js';
import { LiveBanner } from './live-banner.js';
import { Rail } from './rail.js';
import { StatusLine } from './status-line.js';
import { TopBar } from './top-bar.js';

/** The frame of all pages that need a session: checks who is signed in, and shows the sections around the page. */
export function Frame() {
  const session = useQuery(sessionQuery);
  const isSignedOut = useObserved(liveState).kind === 'signed-out';
  if (isSignedOut || (session.error instanceof ProblemError && session.error.status === 401)) {
    // A user whose session ended while on this page is told so.
    return <ToSignIn hasEnded={isSignedOut || session.data !== undefined} />;
  }
  if (session.data === undefined) {
    return session.isError ? <Problem error={session.error} again={() => void session.refetch()} /> : null;
  }
  return <SignedIn />;
}

/** Navigates once, because the address to return to is the current one. */
function ToSignIn({ hasEnded }: { readonly hasEnded: boolean }) {
  const navigate = useNavigate();
  const { href } = useLocation();
  const [search] = useState({ to: href, ...(hasEnded ? { ended: 'yes' } : {}) });
  useEffect(() => void navigate({ to: '/sign-in', search, replace: true }), [navigate, search]);
  return null;
}

function SignedIn() {
  const queries = useQueryClient();
  const { pathname } = useLocation();
  // The menu belongs to the page that it was opened on, and closes with it.
  const [openOn, setOpenOn] = useState<string | null>(null);
  const isOpen = openOn === pathname;
  const said = useObserved(announcement);
  useEffect(() => follow(queries), [queries]);
  return (
    <>
      <TopBar isOpen={isOpen} toggle={() => setOpenOn(isOpen ? null : pathname)} />
      <div className="app">
        <Rail isOpen={isOpen} />
        <main>
          <LiveBanner />
          <Outlet />
        </main>
      </div>
      <StatusLine />
      <Keys />
      <p className="hidden" role="status" aria-live="polite">
        {said}
      </p>
    </>
  );
}
