import type { EdgeProps, Edge as FlowEdge } from '@xyflow/react';
import type { Route } from './layout.js';

export type RouteEdge = FlowEdge<{ readonly route: Route; readonly text: string; readonly isHot: boolean }, 'route'>;

/** A line of the map: it ends in an arrow if allowed, a bar if denied, and both if mixed. */
export function RouteLine({ data }: EdgeProps<RouteEdge>) {
  if (data === undefined) return null;
  const { route, text, isHot } = data;
  const { line, path, end } = route;
  const isBundle = line.pairs.length > 1;
  const back = -9 * end.direction;
  return (
    <g className={`map-line ${line.effect} ${isHot ? 'hot' : ''} ${isBundle ? 'bundle' : ''}`}>
      <path className="reach" d={path} />
      <path className="stroke" d={path} />
      {line.effect !== 'deny' && (
        <path
          className="head"
          d={`M${end.x + back} ${end.y - 4.5}L${end.x} ${end.y}L${end.x + back} ${end.y + 4.5}z`}
        />
      )}
      {line.effect !== 'allow' && <path className="stop" d={`M${end.x + back / 2.2} ${end.y - 6}v12`} />}
      {text !== '' && (
        <text className="flows" x={end.x + back * 1.6} y={end.y - 5} textAnchor={end.direction > 0 ? 'end' : 'start'}>
          {text}
        </text>
      )}
    </g>
  );
}
