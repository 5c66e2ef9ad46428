import '@xyflow/react/dist/base.css';
import {
  type EdgeProps,
  type Edge as FlowEdge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { type KeyboardEvent, useMemo } from 'react';
import { useIsLive } from '../live/live-state.js';
import { Glyph } from '../vocabulary/glyph.js';
import { wordOf } from '../vocabulary/words.js';
import type { Line } from './bundles.js';
import type { Frame, Layout, Route } from './layout.js';
import type { MapNode } from './model.js';

export interface AgentMark {
  readonly state: string;
  readonly version: number | null;
}

interface Props {
  readonly label: string;
  readonly layout: Layout;
  readonly nodes: readonly MapNode[];
  readonly routes: readonly Route[];
  readonly agents: ReadonlyMap<string, AgentMark>;
  readonly selected: string | null;
  readonly line: string | null;
  readonly look: (line: Line | null) => void;
  readonly hold: (line: Line) => void;
  readonly select: (node: string) => void;
  readonly press: (event: KeyboardEvent) => void;
}

type FrameNode = Node<{ readonly frame: Frame; readonly mark: AgentMark | undefined }, 'frame'>;
type SandboxNode = Node<{ readonly node: MapNode; readonly isHot: boolean }, 'sandbox'>;
type RouteEdge = FlowEdge<{ readonly route: Route; readonly isHot: boolean }, 'route'>;

/** The id of a node's element, which the map names as its active descendant. */
export function elementId(node: string): string {
  return `map-${node.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}

function FrameBox({ data: { frame, mark } }: NodeProps<FrameNode>) {
  const isLive = useIsLive();
  const word = wordOf(isLive ? (mark?.state ?? 'UNKNOWN') : 'UNKNOWN');
  return (
    <div className="map-frame" style={{ width: frame.width, height: frame.height }}>
      <div className="map-frame-head">
        {mark !== undefined && <Glyph name={word.glyph} tone={word.tone} />}
        <b>{frame.title}</b>
        <span className="hidden">{word.text}</span>
        <span className="mono">
          {mark?.version == null ? '' : `v${mark.version} `}
          {frame.height < 60 ? `${frame.count}` : ''}
        </span>
      </div>
      <Ends />
    </div>
  );
}

function SandboxBox({ data: { node, isHot } }: NodeProps<SandboxNode>) {
  return (
    <div
      className={isHot ? 'map-node hot' : 'map-node'}
      id={elementId(node.id)}
      role="img"
      aria-label={`${node.title} ${node.subtitle}`}
    >
      <span className="mono strong">{node.title}</span>
      {node.subtitle !== '' && <span className="mono second">{node.subtitle}</span>}
      <Ends />
    </div>
  );
}

/** The library wants places where lines begin and end; ours are worked out with the layout. */
function Ends() {
  return (
    <>
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <Handle type="target" position={Position.Left} isConnectable={false} />
    </>
  );
}

function RouteLine({ data }: EdgeProps<RouteEdge>) {
  if (data === undefined) return null;
  const { route, isHot } = data;
  const { line, path, end } = route;
  const open = line.pairs.reduce((sum, pair) => sum + (pair.open ?? 0), 0);
  const isBundle = line.pairs.length > 1;
  const text = [isBundle ? `${line.pairs.length} pairs` : '', open > 0 ? `${open} open` : '']
    .filter((part) => part !== '')
    .join(', ');
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

const LEAST_HEIGHT = 240;
const MOST_HEIGHT = 620;
const MARGIN = 48;

/** No taller than what is drawn, and never taller than a screen. */
function heightOf({ frames }: Layout): number {
  const bottom = Math.max(0, ...frames.map(({ y, height }) => y + height));
  return Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, bottom + MARGIN));
}

const NODE_TYPES = { frame: FrameBox, sandbox: SandboxBox };
const EDGE_TYPES = { route: RouteLine };

/** The picture. One tab stop: what the arrow keys select is told by aria-activedescendant. */
export function MapCanvas({ label, layout, nodes, routes, agents, selected, line, look, hold, select, press }: Props) {
  const boxes = useMemo((): (FrameNode | SandboxNode)[] => {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const hot = new Set(
      routes.filter((route) => route.line.id === line).flatMap((route) => [route.line.from, route.line.to]),
    );
    const frames = layout.frames.map(
      (frame): FrameNode => ({
        id: frame.id,
        type: 'frame',
        position: frame,
        data: { frame, mark: agents.get(frame.title) },
        width: frame.width,
        height: frame.height,
        zIndex: 0,
      }),
    );
    const sandboxes = layout.nodes.flatMap((box): SandboxNode[] => {
      const node = byId.get(box.id);
      return node === undefined
        ? []
        : [
            {
              id: box.id,
              type: 'sandbox',
              position: box,
              data: { node, isHot: hot.has(box.id) || box.id === selected },
              width: box.width,
              height: box.height,
              zIndex: 2,
            },
          ];
    });
    return [...frames, ...sandboxes];
  }, [layout, nodes, agents, routes, line, selected]);
  const edges = useMemo(
    () =>
      routes.map(
        (route): RouteEdge => ({
          id: route.line.id,
          type: 'route',
          source: route.line.from,
          target: route.line.to,
          data: { route, isHot: route.line.id === line },
          zIndex: 1,
        }),
      ),
    [routes, line],
  );
  return (
    <div className="map-canvas" style={{ height: heightOf(layout) }}>
      <ReactFlow
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={selected === null ? undefined : elementId(selected)}
        onKeyDown={press}
        nodes={boxes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.04 }}
        minZoom={0.15}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
        onEdgeMouseEnter={(_event, edge) => look(edge.data?.route.line ?? null)}
        onEdgeMouseLeave={() => look(null)}
        onEdgeClick={(_event, edge) => {
          if (edge.data !== undefined) hold(edge.data.route.line);
        }}
        onNodeClick={(_event, node) => select(node.id)}
      />
    </div>
  );
}
