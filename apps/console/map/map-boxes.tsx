import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { useIsLive } from '../live/live-state.js';
import { Glyph } from '../vocabulary/glyph.js';
import { wordOf } from '../vocabulary/words.js';
import type { Frame } from './layout.js';
import type { MapNode } from './model.js';

export interface AgentMark {
  readonly state: string;
  readonly version: number | null;
}

export type FrameNode = Node<{ readonly frame: Frame; readonly mark: AgentMark | undefined }, 'frame'>;
export type SandboxNode = Node<{ readonly node: MapNode; readonly isHot: boolean }, 'sandbox'>;

/** The id of a node's element, used by the map's aria-activedescendant. */
export function elementId(node: string): string {
  return `map-${node.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}

/** An agent with its state, name and applied version, around its sandboxes. */
export function FrameBox({ data: { frame, mark } }: NodeProps<FrameNode>) {
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

/** A sandbox with its aliases. */
export function SandboxBox({ data: { node, isHot } }: NodeProps<SandboxNode>) {
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

/** The library requires handles for lines; the layout computes the real ends. */
function Ends() {
  return (
    <>
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <Handle type="target" position={Position.Left} isConnectable={false} />
    </>
  );
}
