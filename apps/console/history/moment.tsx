import type { PastChange, PastVersion } from '../api/shapes.js';
import { clockTime } from '../vocabulary/times.js';

/** A time of the past, with the date if it is not today; the whole of it is in its title. */
export function Moment({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {clockTime(Date.parse(at), Date.now())}
    </time>
  );
}

/** `v14, since 10:00:00`: a version, and when it was the present one. */
export function VersionSpan({ of: { version, since, until } }: { readonly of: PastVersion }) {
  if (since === null) return <>before the network was created</>;
  return (
    <>
      <b className="mono">v{version}</b>, {until === null ? 'since ' : 'from '}
      <Moment at={since} />
      {until !== null && (
        <>
          {' to '}
          <Moment at={until} />
        </>
      )}
    </>
  );
}

/** `v14 by user:ada at 10:00:00`: the change that made a version. */
export function MadeBy({ change: { version, actor, at } }: { readonly change: PastChange }) {
  return (
    <>
      <b className="mono">v{version}</b> by <span className="mono">{actor}</span> at <Moment at={at} />
    </>
  );
}
