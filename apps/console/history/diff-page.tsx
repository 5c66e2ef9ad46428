import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { diffQuery, reachabilityQuery } from '../api/queries.js';
import type { NetworkDiff, Reachability } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useAgentMarks } from '../map/agent-marks.js';
import { Legend } from '../map/legend.js';
import { MapBoard } from '../map/map-board.js';
import { MapOrTable, useIsNarrow } from '../map/map-or-table.js';
import { filtered } from '../map/model.js';
import { useNetworkName } from '../network/use-network.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { ListTable } from '../vocabulary/list-table.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { changeColumns } from './change-columns.js';
import { ChangePanel } from './change-panel.js';
import { CompareForm } from './compare-form.js';
import { changeText, diffMap } from './diff-model.js';
import { VersionSpan } from './moment.js';
import { ReachTable } from './reach-table.js';

/** What two versions or times of a network let through differently: as a list, on the map, and what was written. */
export function DiffPage() {
  const network = useNetworkName();
  const { from, to } = useSearch({ from: '/frame/networks/$network/history/diff' });
  return (
    <>
      <CompareForm key={`${from} ${to}`} network={network} from={from} to={to} />
      {from === undefined || to === undefined ? (
        <p className="empty">Give two versions or times, to see who gained and who lost what in between.</p>
      ) : (
        <Compared network={network} from={from} to={to} />
      )}
    </>
  );
}

interface ComparedProps {
  readonly network: string;
  readonly from: string;
  readonly to: string;
}

function Compared({ network, from, to }: ComparedProps) {
  const now = useQuery(reachabilityQuery(network));
  return (
    <>
      <Loaded columns={['Change', 'From', 'To']} query={useQuery(diffQuery(network, from, to))}>
        {(diff) => (
          <>
            <Summary diff={diff} />
            {diff.gained.length + diff.lost.length > 0 && (
              <Loaded query={now}>{(present) => <Drawn network={network} diff={diff} now={present} />}</Loaded>
            )}
            <Written network={network} diff={diff} />
          </>
        )}
      </Loaded>
      <section className="part terminal">
        <CommandLine words={['network', 'diff', network, from, to]} />
      </section>
    </>
  );
}

function Summary({ diff }: { readonly diff: NetworkDiff }) {
  const { gained, gainedLeftOut, lost, lostLeftOut, from, to } = diff;
  const [more, less] = [gained.length + gainedLeftOut, lost.length + lostLeftOut];
  return (
    <section className={`receipt ${less > 0 ? 'deny-edge' : 'off-edge'}`} aria-label="Difference">
      <div className="summary">
        {more + less === 0 && <span>Everybody may reach the same at both.</span>}
        {less > 0 && <Said word={{ ...wordOf('lost'), text: `${less} lost` }} />}
        {more > 0 && <Said word={{ ...wordOf('gained'), text: `${more} gained` }} />}
        <span className="end remark">
          <VersionSpan of={from} />
          {'; then '}
          <VersionSpan of={to} />
        </span>
      </div>
    </section>
  );
}

interface DrawnProps {
  readonly network: string;
  readonly diff: NetworkDiff;
  readonly now: Reachability;
}

function Drawn({ network, diff, now }: DrawnProps) {
  const search = useSearch({ from: '/frame/networks/$network/history/diff' });
  const { q = '', pair, as } = search;
  const navigate = useNavigate({ from: '/networks/$network/history/diff' });
  const isNarrow = useIsNarrow();
  const agents = useAgentMarks(network);
  const map = useMemo(() => filtered(diffMap(diff, now), q), [diff, now, q]);
  const isTable = as === 'table' || (as === undefined && isNarrow);
  const shown = useMemo(() => {
    const reached = (change: 'gained' | 'lost') => map.pairs.flatMap((each) => each[change]);
    return { ...diff, gained: reached('gained'), lost: reached('lost') };
  }, [map, diff]);
  const show = (change: { readonly q?: string; readonly pair?: string; readonly as?: string }): void => {
    const next = Object.entries({ ...search, ...change }).filter(([, value]) => value !== '');
    void navigate({ search: Object.fromEntries(next), replace: true });
  };
  const leftOut = diff.gainedLeftOut + diff.lostLeftOut;
  return (
    <>
      <div className="map-tools">
        <MapOrTable isTable={isTable} pairs={map.pairs.length} choose={(each) => show({ as: each })} />
        <input
          className="input filter"
          type="search"
          aria-label="Filter by selector"
          placeholder="label:tier=web, api, host-b"
          value={q}
          onChange={(event) => show({ q: event.target.value })}
        />
        <span className="remark wide-only">Boxes stand where their sandboxes are now.</span>
      </div>
      {!isTable && (
        <MapBoard
          label={`Map of what ${network} gained and lost; the table below says the same`}
          map={map}
          agents={agents}
          held={pair}
          hold={(line) => show({ pair: line })}
          showTable={() => show({ as: 'table' })}
          textOf={lineText}
          legend={
            <Legend
              allow="gained"
              deny="lost"
              mixed="mixed: some ports gained, some lost"
              none="no line: as it was, allowed or not"
            />
          }
          panel={(line) => <ChangePanel line={line} />}
        />
      )}
      <section className="part">
        <div className="heading">
          <h2>Gained and lost</h2>
          {leftOut > 0 && <span className="remark">{leftOut} more than can be listed</span>}
        </div>
        <ReachTable network={network} diff={shown} />
      </section>
    </>
  );
}

const lineText = ({ pairs }: { readonly pairs: Parameters<typeof changeText>[0] }): string => changeText(pairs);

function Written({
  network,
  diff: { changes, changesLeftOut },
}: {
  readonly network: string;
  readonly diff: NetworkDiff;
}) {
  const columns = useMemo(() => changeColumns(network, () => []), [network]);
  if (changes.length === 0) return null;
  return (
    <section className="part">
      <div className="heading">
        <h2>What was written in between</h2>
        {changesLeftOut > 0 && <span className="remark">{changesLeftOut} earlier ones, and these</span>}
      </div>
      <ListTable
        label="Written in between"
        columns={columns}
        rows={changes}
        keyOf={({ position }) => String(position)}
      />
    </section>
  );
}
