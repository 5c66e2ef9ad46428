import type { Network } from '../api/shapes.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Said } from '../vocabulary/state.js';
import { clockTime } from '../vocabulary/times.js';
import { wordOf } from '../vocabulary/words.js';

/** An admin cut the network off: its pages show what is written, but no agent serves it. */
export function Quarantined({ network }: { readonly network: Network }) {
  const { name, quarantinedSince, version, lastChange } = network;
  return (
    <section className="receipt deny-edge" aria-label="Last change">
      <div className="summary">
        <Said word={wordOf('QUARANTINED')} />
        <span>
          An admin cut <span className="mono">{name}</span> off
          {quarantinedSince !== null && (
            <>
              {' '}
              in <b className="mono">v{quarantinedSince}</b>
            </>
          )}
          .
        </span>
        <span className="end remark anywhere">
          {clockTime(Date.parse(lastChange.at), Date.now())} <span className="mono">v{version}</span>
        </span>
      </div>
      <div className="details">
        <p>
          No agent serves it: its names are not answered, and its open connections were cut. Attachments, aliases and
          rules stay as they are below, and hold again when an admin lifts this:
        </p>
        <CommandLine words={['network', 'quarantine', name, '--lift', '--wait']} />
      </div>
    </section>
  );
}
