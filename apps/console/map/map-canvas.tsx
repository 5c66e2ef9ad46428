import '@xyflow/react/dist/base.css';
import { ReactFlow } from '@xyflow/react';
import { type KeyboardEvent, useMemo } from 'react';
import type { Line } from './bundles.js';
import type { Layout, Route } from './layout.js';
import { type AgentMark, elementId, FrameBox, type FrameNode, SandboxBox, type SandboxNode } from './map-boxes.js';
import { type RouteEdge, RouteLine } from './map-line.js';
import type { MapNode } from './model.js';

interface Props {
  readonly label: string;
  readonly layout: Layout;
  readonly nodes: readonly MapNode[];
  readonly routes: readonly Route[];
  /** By the id of a line: what is written at its end. */
  readonly texts: ReadonlyMap<string, string>;
  readonly agents: ReadonlyMap<string, AgentMark>;
  readonly selected: string | null;
  readonly line: string | null;
  readonly look: (line: Line | null) => void;
  readonly hold: (line: Line) => void;
  readonly select: (node: string) => void;
  readonly press: (event: KeyboardEvent) => void;
}

const LEAST_HEIGHT = 240;
const MOST_HEIGHT = 620;
const MARGIN = 48;

/** As tall as its content, at most a screen. */
function heightOf({ frames }: Layout): number {
  const bottom = Math.max(0, ...frames.map(({ y, height }) => y + height));
  return Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, bottom + MARGIN));
}

const NODE_TYPES = { frame: FrameBox, sandbox: SandboxBox };
const EDGE_TYPES = { route: RouteLine };

/** The map as one tab stop: aria-activedescendant names what the arrow keys select. */
export function MapCanvas({
  label,
  layout,
  nodes,
  routes,
  texts,
  agents,
  selected,
  line,
  look,
  hold,
  select,
  press,
}: Props) {
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
          data: { route, text: texts.get(route.line.id) ?? '', isHot: route.line.id === line },
          zIndex: 1,
        }),
      ),
    [routes, texts, line],
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
