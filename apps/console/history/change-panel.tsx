import type { ReactNode } from 'react';
import type { Reach } from '../api/shapes.js';
import type { Line } from '../map/bundles.js';
import { targetsText } from '../map/model.js';
import { Said } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { wordOf } from '../vocabulary/words.js';
import type { ChangedPair } from './diff-model.js';

const MOST_PAIRS = 12;

/** What the pairs of a line gained and lost. */
export function ChangePanel({ line }: { readonly line: Line<ChangedPair> | null }): ReactNode {
  if (line === null) {
    return (
      <div className="map-why" role="status">
        <h2>What changed</h2>
        <p className="remark">Point at a line, or select a sandbox and press e, to see what it gained and lost.</p>
      </div>
    );
  }
  return (
    <div className="map-why" role="status" aria-label="What changed">
      <h2>{line.pairs.length === 1 ? 'What changed' : counted(line.pairs.length, 'pair')}</h2>
      <ul>
        {line.pairs
          .slice(0, MOST_PAIRS)
          .flatMap(({ id, from, gained, lost }) => [
            <Part key={`${id} gained`} change="gained" from={from} reached={gained} />,
            <Part key={`${id} lost`} change="lost" from={from} reached={lost} />,
          ])}
      </ul>
      {line.pairs.length > MOST_PAIRS && (
        <p className="remark">{line.pairs.length - MOST_PAIRS} more; the table lists all.</p>
      )}
    </div>
  );
}

interface PartProps {
  readonly change: 'gained' | 'lost';
  readonly from: string;
  readonly reached: readonly Reach[];
}

function Part({ change, from, reached }: PartProps) {
  if (reached.length === 0) return null;
  return (
    <li>
      <Said word={wordOf(change)} />{' '}
      <span className="mono anywhere">
        {from} → {targetsText(reached)}
      </span>
    </li>
  );
}
