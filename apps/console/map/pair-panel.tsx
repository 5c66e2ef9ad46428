import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { verdictQuery } from '../api/queries.js';
import type { Edge } from '../api/shapes.js';
import { VerdictReasons } from '../diagnostics/verdict-reasons.js';
import { verdictTitle } from '../diagnostics/verdict-sentences.js';
import { Glyph } from '../vocabulary/glyph.js';
import { Phrased } from '../vocabulary/phrase.js';
import { counted } from '../vocabulary/times.js';
import type { Line } from './bundles.js';
import { byInterest, type Pair, targetsText } from './model.js';

const MOST_TARGETS = 4;
const MOST_PAIRS = 12;

/** Why the selected pair may or may not communicate. */
export function PairPanel({ network, line }: { readonly network: string; readonly line: Line<Pair> | null }) {
  if (line === null) {
    return (
      <div className="map-why" role="status">
        <h2>Why</h2>
        <p className="remark">
          Point at a line, or select a sandbox and press e, to see which rule decides and since when.
        </p>
      </div>
    );
  }
  const [pair] = line.pairs;
  return (
    <div className="map-why" role="status" aria-label="Why">
      {line.pairs.length > 1 || pair === undefined ? (
        <>
          <h2>{counted(line.pairs.length, 'pair')}</h2>
          <ul>
            {byInterest(line.pairs)
              .slice(0, MOST_PAIRS)
              .map(({ id, from, targets }) => (
                <li key={id} className="mono anywhere">
                  {from} → {targetsText(targets)}
                </li>
              ))}
          </ul>
          {line.pairs.length > MOST_PAIRS && (
            <p className="remark">{line.pairs.length - MOST_PAIRS} more; the table lists all.</p>
          )}
        </>
      ) : (
        pair.targets
          .slice(0, MOST_TARGETS)
          .map((edge) => <Target key={`${edge.alias}:${edge.port}`} network={network} edge={edge} />)
      )}
      {pair !== undefined && line.pairs.length === 1 && (
        <p className="remark">
          {pair.open === null
            ? 'Open connections: not known.'
            : `${counted(pair.open, 'open connection')}, as the agents count.`}
        </p>
      )}
    </div>
  );
}

function Target({ network, edge }: { readonly network: string; readonly edge: Edge }) {
  const { from, alias, port } = edge;
  const verdict = useQuery(verdictQuery(network, from, alias, port)).data;
  const search = { from, to: alias, port: String(port) };
  return (
    <section className="part first">
      <h2 className={`line ${edge.effect}`}>
        <Glyph name={edge.effect} tone={edge.effect} />
        <span>
          <Phrased of={verdictTitle(edge, edge)} />
        </span>
      </h2>
      {verdict === undefined ? (
        <p className="third">…</p>
      ) : (
        <VerdictReasons network={network} question={edge} verdict={verdict} />
      )}
      <Link className="button" to="/networks/$network/diagnostics" params={{ network }} search={search}>
        Test it
      </Link>
    </section>
  );
}
