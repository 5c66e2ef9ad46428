import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { clockTime } from '../vocabulary/times.js';
import { Problem } from '../writes/problem.js';

const QUIET_MS = 150;
const SLOW_MS = 3_000;

/**
 * Shows the control plane's answer. Before it arrives, shows that the page waits; if it is refused or there is no
 * connection, shows why. An earlier answer stays on the page with its time.
 */
export function Loaded<Data>({
  query,
  heading,
  columns = [],
  children,
}: {
  readonly query: UseQueryResult<Data>;
  /** The heading while there is no content, for pages that consist of this answer. */
  readonly heading?: ReactNode;
  /** The headings of the awaited table. */
  readonly columns?: readonly string[];
  readonly children: (data: Data) => ReactNode;
}) {
  const again = (): void => void query.refetch();
  if (query.data === undefined) {
    return (
      <>
        {heading}
        {query.isError ? <Problem error={query.error} again={again} /> : <Waiting columns={columns} />}
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

/** Shows nothing at first, since most answers arrive at once, then that the page waits and for how long. */
function Waiting({ columns }: { readonly columns: readonly string[] }) {
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    const timers = [QUIET_MS, SLOW_MS].map((ms) => setTimeout(() => setWaited(ms), ms));
    return () => timers.forEach(clearTimeout);
  }, []);
  if (waited === 0) return null;
  return (
    <div aria-busy="true">
      {columns.length > 0 && (
        <table className="part first">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              {columns.map((column) => (
                <td key={column} className="third">
                  …
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      )}
      {waited >= SLOW_MS && <p className="remark asked">Asked 3 s ago, no answer yet.</p>}
      {waited < SLOW_MS && columns.length === 0 && <p className="third">…</p>}
    </div>
  );
}
