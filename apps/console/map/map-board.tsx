import { type ReactNode, useMemo, useState } from 'react';
import { type Line, linesOf } from './bundles.js';
import { layoutOf, routesOf } from './layout.js';
import type { AgentMark } from './map-boxes.js';
import { MapCanvas } from './map-canvas.js';
import { walk } from './map-keys.js';
import type { DrawnMap, DrawnPair } from './model.js';

/** Above this number, boxes are shown as counts in their frames until a filter reduces them. */
const MOST_BOXES = 120;

interface Props<Drawn extends DrawnPair> {
  readonly label: string;
  readonly map: DrawnMap<Drawn>;
  readonly agents: ReadonlyMap<string, AgentMark>;
  /** The id of the line that is held; undefined: none. */
  readonly held: string | undefined;
  /** An empty id lets go. */
  readonly hold: (line: string) => void;
  readonly showTable: () => void;
  /** Written at the end of a line. */
  readonly textOf: (line: Line<Drawn>) => string;
  readonly legend: ReactNode;
  /** Explains the line that is pointed at or held; null: none. */
  readonly panel: (line: Line<Drawn> | null) => ReactNode;
}

/** A map with its legend, and a panel about the line that is pointed at. */
export function MapBoard<Drawn extends DrawnPair>({
  label,
  map,
  agents,
  held,
  hold,
  showTable,
  textOf,
  legend,
  panel,
}: Props<Drawn>) {
  const [selected, setSelected] = useState<string | null>(null);
  const [looked, setLooked] = useState<string | null>(null);
  const isCollapsed = map.nodes.length > MOST_BOXES;
  const lines = useMemo(() => linesOf(map, selected, isCollapsed), [map, selected, isCollapsed]);
  const layout = useMemo(() => layoutOf(map.nodes, isCollapsed), [map.nodes, isCollapsed]);
  const routes = useMemo(() => routesOf(lines, layout), [lines, layout]);
  const texts = useMemo(() => new Map(lines.map((line) => [line.id, textOf(line)])), [lines, textOf]);
  const look = (line: Line | null): void => setLooked(line?.id ?? null);
  const holdLine = (line: Line): void => hold(line.id);
  const active = looked ?? held ?? null;
  const release = (): void => {
    setLooked(null);
    hold('');
  };
  return (
    <>
      <div className="map">
        <div>
          <MapCanvas
            label={label}
            layout={layout}
            nodes={map.nodes}
            routes={routes}
            texts={texts}
            agents={agents}
            selected={selected}
            line={active}
            look={look}
            hold={holdLine}
            select={setSelected}
            press={(event) =>
              walk(event, {
                layout,
                lines,
                selected,
                line: active,
                select: setSelected,
                look,
                hold: holdLine,
                release,
                showTable,
              })
            }
          />
          {legend}
        </div>
        {panel(lines.find(({ id }) => id === active) ?? null)}
      </div>
      {isCollapsed && (
        <p className="remark part first">Too many sandboxes to draw each: filter to see them one by one.</p>
      )}
    </>
  );
}
