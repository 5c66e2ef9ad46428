import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { flowsQuery, reachabilityQuery } from '../api/queries.js';
import type { Reachability } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useNetworkName } from '../network/use-network.js';
import { counted } from '../vocabulary/times.js';
import { useAgentMarks } from './agent-marks.js';
import type { Line } from './bundles.js';
import { Legend } from './legend.js';
import { MapBoard } from './map-board.js';
import { MapOrTable, useIsNarrow } from './map-or-table.js';
import { filtered, mapModel, type Pair } from './model.js';
import { PairPanel } from './pair-panel.js';
import { PairTable } from './pair-table.js';

export function MapPage() {
  const network = useNetworkName();
  return (
    <Loaded query={useQuery(reachabilityQuery(network))}>
      {(reachability) => <Shown network={network} reachability={reachability} />}
    </Loaded>
  );
}

function Shown({ network, reachability }: { readonly network: string; readonly reachability: Reachability }) {
  const { q = '', pair: held, as } = useSearch({ from: '/frame/networks/$network/map' });
  const navigate = useNavigate({ from: '/networks/$network/map' });
  const isNarrow = useIsNarrow();
  const flows = useQuery(flowsQuery(network)).data;
  const agents = useAgentMarks(network);
  const model = useMemo(() => filtered(mapModel(reachability, flows?.pairs), q), [reachability, flows, q]);
  const isTable = as === 'table' || (as === undefined && isNarrow);
  const show = (search: { readonly q?: string; readonly pair?: string; readonly as?: string }): void =>
    void navigate({
      search: withoutEmpty({
        q,
        ...(held === undefined ? {} : { pair: held }),
        ...(as === undefined ? {} : { as }),
        ...search,
      }),
      replace: true,
    });
  const sandboxes = counted(reachability.sandboxes.length, 'sandbox', 'sandboxes');
  return (
    <>
      <div className="map-tools">
        <MapOrTable isTable={isTable} pairs={model.pairs.length} choose={(each) => show({ as: each })} />
        <input
          className="input filter"
          type="search"
          aria-label="Filter by selector"
          placeholder="label:tier=web, api, host-b"
          value={q}
          onChange={(event) => show({ q: event.target.value })}
        />
        <span className="remark wide-only">
          {sandboxes} on {counted(agents.size, 'agent')}. <kbd>Tab</kbd> into the map, arrow keys move, <kbd>e</kbd>{' '}
          goes along the lines.
        </span>
      </div>
      {!isTable && (
        <MapBoard
          label={`Map of ${network}: ${sandboxes}, ${counted(model.pairs.length, 'pair')}; the table below says the same`}
          map={model}
          agents={agents}
          held={held}
          hold={(pair) => show({ pair })}
          showTable={() => show({ as: 'table' })}
          textOf={openText}
          legend={
            <Legend
              allow="allowed"
              deny="denied by a rule"
              mixed="mixed: some ports yes, some no"
              none="no line: no rule allows it"
            />
          }
          panel={(line) => <PairPanel network={network} line={line} />}
        />
      )}
      {reachability.edgesLeftOut > 0 && (
        <p className="remark part first">{reachability.edgesLeftOut} pairs more than can be shown.</p>
      )}
      {flows !== undefined && flows.notKnown.length > 0 && (
        <p className="remark part first">
          Open connections are not known of {flows.notKnown.map(({ agentId }) => agentId).join(', ')}.
        </p>
      )}
      <section className="part">
        <div className="heading">
          <h2>{isTable ? 'Pairs' : 'The same, as a table'}</h2>
          <span className="remark">
            {counted(model.pairs.length, 'pair')} at v{reachability.version}; what a deny touches comes first
          </span>
        </div>
        <PairTable pairs={model.pairs} version={reachability.version} />
      </section>
    </>
  );
}

/** `3 pairs, 2 open`; empty for one pair without open connections. */
function openText({ pairs }: Line<Pair>): string {
  const open = pairs.reduce((sum, pair) => sum + (pair.open ?? 0), 0);
  return [pairs.length > 1 ? `${pairs.length} pairs` : '', open > 0 ? `${open} open` : '']
    .filter((part) => part !== '')
    .join(', ');
}

function withoutEmpty(search: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''));
}
