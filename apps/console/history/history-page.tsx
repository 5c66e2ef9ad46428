import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { CHANGE_KINDS } from '#libs/contracts/change-kinds.js';
import { type HistoryFilter as Asked, historyQuery, networkQuery } from '../api/queries.js';
import type { PastChange } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { useNetworkName } from '../network/use-network.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { ListTable } from '../vocabulary/list-table.js';
import { changeColumns } from './change-columns.js';
import { CompareForm } from './compare-form.js';
import { type FilterTexts, HistoryFilter } from './history-filter.js';
import { Revert } from './revert.js';

const VERSION = /^[1-9][0-9]{0,14}$/;

/** Who changed the network, when and what: the newest first. */
export function HistoryPage() {
  const network = useNetworkName();
  const search = useSearch({ from: '/frame/networks/$network/history' });
  const navigate = useNavigate({ from: '/networks/$network/history' });
  const refusal = useRefusal('operator', 'Reverting needs');
  const mayWrite = useIsLive() && refusal === null;
  const version = useQuery(networkQuery(network)).data?.version;
  const { before, revert, ...filter } = search;
  const query = useQuery(historyQuery(network, asked(search)));
  const show = (texts: FilterTexts): void => void navigate({ search: { ...texts } });
  const close = (): void =>
    void navigate({ search: { ...filter, ...(before === undefined ? {} : { before }) }, replace: true });
  return (
    <>
      {revert !== undefined && VERSION.test(revert) && mayWrite && (
        <Revert network={network} version={Number(revert)} close={close} />
      )}
      <section className="part first">
        <div className="heading">
          <h2>What was written</h2>
          <span className="remark">The newest first, from the log.</span>
        </div>
        <HistoryFilter
          key={JSON.stringify(filter)}
          initial={filter}
          actors={[...new Set(query.data?.items.map(({ actor }) => actor))]}
          show={show}
        />
        <Loaded columns={['Version', 'Time', 'What']} query={query}>
          {({ items, nextCursor }) => (
            <>
              {items.length === 0 ? (
                <p className="empty">
                  No such change.{' '}
                  <Link to="/networks/$network/history" params={{ network }}>
                    Show all
                  </Link>
                </p>
              ) : (
                <Changes network={network} items={items} present={version} mayWrite={mayWrite} />
              )}
              {(before !== undefined || nextCursor !== null) && (
                <p className="line part first">
                  {before !== undefined && (
                    <Link className="button" to="/networks/$network/history" params={{ network }} search={filter}>
                      Newest
                    </Link>
                  )}
                  {nextCursor !== null && (
                    <Link
                      className="button"
                      to="/networks/$network/history"
                      params={{ network }}
                      search={{ ...filter, before: nextCursor }}
                    >
                      Older
                    </Link>
                  )}
                </p>
              )}
            </>
          )}
        </Loaded>
        {refusal !== null && <p className="remark part">{refusal}</p>}
      </section>
      <section className="part terminal">
        <CommandLine words={['network', 'history', network, ...filterWords(filter)]} />
      </section>
      <section className="part">
        <div className="heading">
          <h2>Compare two versions</h2>
          <span className="remark">Who gained and who lost what in between.</span>
        </div>
        <CompareForm network={network} to={version === undefined ? '' : String(version)} key={version} />
      </section>
      <section className="part">
        <div className="heading">
          <h2>Explain a verdict</h2>
          <span className="remark">
            Who decided it, since when, and where it was applied.{' '}
            <Link to="/networks/$network/history/explain" params={{ network }}>
              Ask about a source and an alias
            </Link>
          </span>
        </div>
      </section>
    </>
  );
}

interface ChangesProps {
  readonly network: string;
  readonly items: readonly PastChange[];
  readonly present: number | undefined;
  readonly mayWrite: boolean;
}

function Changes({ network, items, present, mayWrite }: ChangesProps) {
  const columns = useMemo(
    () =>
      changeColumns(network, ({ version }) => {
        if (version === present) return [];
        const since = (
          <Link
            key="since"
            className="second"
            to="/networks/$network/history/diff"
            params={{ network }}
            search={{ from: String(version), to: String(present ?? '') }}
            aria-label={`since then, v${version}`}
          >
            since then
          </Link>
        );
        const revert = (
          <Link
            key="revert"
            className="second"
            to="/networks/$network/history"
            params={{ network }}
            search={(search) => ({ ...search, revert: String(version) })}
            aria-label={`revert to it, v${version}`}
          >
            revert to it
          </Link>
        );
        return mayWrite ? [since, revert] : [since];
      }),
    [network, present, mayWrite],
  );
  return <ListTable label="Changes" columns={columns} rows={items} keyOf={({ position }) => String(position)} />;
}

/** An unknown kind and a place that is no version are ignored; the control plane refuses times that are none. */
function asked({ actor, kind, since, until, before }: FilterTexts & { readonly before?: string }): Asked {
  const known = CHANGE_KINDS.find((each) => each === kind);
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(known === undefined ? {} : { kind: known }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(before !== undefined && VERSION.test(before) ? { cursor: Number(before) } : {}),
  };
}

function filterWords({ actor, kind, since, until }: FilterTexts): readonly string[] {
  return [
    ...(actor === undefined ? [] : ['--actor', actor]),
    ...(kind === undefined ? [] : ['--kind', kind]),
    ...(since === undefined ? [] : ['--since', since]),
    ...(until === undefined ? [] : ['--until', until]),
  ];
}
