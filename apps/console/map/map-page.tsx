import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState, useSyncExternalStore } from 'react';
import { flowsQuery, reachabilityQuery, statusQuery } from '../api/queries.js';
import type { Reachability } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useNetworkName } from '../network/use-network.js';
import { counted } from '../vocabulary/times.js';
import { type Line, linesOf } from './bundles.js';
import { layoutOf, routesOf } from './layout.js';
import { Legend } from './legend.js';
import type { AgentMark } from './map-boxes.js';
import { MapCanvas } from './map-canvas.js';
import { walk } from './map-keys.js';
import { filtered, mapModel } from './model.js';
import { PairPanel } from './pair-panel.js';
import { PairTable } from './pair-table.js';

/** Above this number, boxes are shown as counts in their frames until a filter reduces them. */
const MOST_BOXES = 120;

const narrow = matchMedia('(max-width: 640px)');
const followNarrow = (listener: () => void): (() => void) => {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
};

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
  const isNarrow = useSyncExternalStore(followNarrow, () => narrow.matches);
  const flows = useQuery(flowsQuery(network)).data;
  const agents = useAgentMarks(network);
  const [selected, setSelected] = useState<string | null>(null);
  const [looked, setLooked] = useState<string | null>(null);

  const model = useMemo(() => filtered(mapModel(reachability, flows?.pairs), q), [reachability, flows, q]);
  const isCollapsed = model.nodes.length > MOST_BOXES;
  const lines = useMemo(() => linesOf(model, selected, isCollapsed), [model, selected, isCollapsed]);
  const layout = useMemo(() => layoutOf(model.nodes, isCollapsed), [model.nodes, isCollapsed]);
  const routes = useMemo(() => routesOf(lines, layout), [lines, layout]);

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
  const hold = (line: Line): void => show({ pair: line.id });
  const look = (line: Line | null): void => setLooked(line?.id ?? null);
  const active = looked ?? held ?? null;
  const release = (): void => {
    setLooked(null);
    show({ pair: '' });
  };
  const sandboxes = counted(reachability.sandboxes.length, 'sandbox', 'sandboxes');
  return (
    <>
      <div className="map-tools">
        <fieldset className="plain">
          <legend className="hidden">Show as</legend>
          <span className="choice">
            {(['map', 'table'] as const).map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  className="hidden"
                  name="as"
                  checked={isTable === (each === 'table')}
                  onChange={() => show({ as: each })}
                />
                {each === 'map' ? 'Map' : `Table of ${counted(model.pairs.length, 'pair')}`}
              </label>
            ))}
          </span>
        </fieldset>
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
        <div className="map">
          <div>
            <MapCanvas
              label={`Map of ${network}: ${sandboxes}, ${counted(model.pairs.length, 'pair')}; the table below says the same`}
              layout={layout}
              nodes={model.nodes}
              routes={routes}
              agents={agents}
              selected={selected}
              line={active}
              look={look}
              hold={hold}
              select={setSelected}
              press={(event) =>
                walk(event, {
                  layout,
                  lines,
                  selected,
                  line: active,
                  select: setSelected,
                  look,
                  hold,
                  release,
                  showTable: () => show({ as: 'table' }),
                })
              }
            />
            <Legend />
          </div>
          <PairPanel network={network} line={lines.find(({ id }) => id === active) ?? null} />
        </div>
      )}
      {isCollapsed && !isTable && (
        <p className="remark part first">Too many sandboxes to draw each: filter to see them one by one.</p>
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
            {counted(model.pairs.length, 'pair')} at v{model.version}; what a deny touches comes first
          </span>
        </div>
        <PairTable pairs={model.pairs} version={model.version} />
      </section>
    </>
  );
}

function useAgentMarks(network: string): ReadonlyMap<string, AgentMark> {
  const status = useQuery(statusQuery(network)).data;
  return useMemo(
    () =>
      new Map(
        status?.agents.map(({ agentId, status: state, appliedVersion }) => [
          agentId,
          { state, version: appliedVersion },
        ]),
      ),
    [status],
  );
}

function withoutEmpty(search: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''));
}
