import type { Sandbox } from '../api/shapes.js';
import { Age } from '../vocabulary/age.js';
import { labelTexts } from '../vocabulary/labels.js';
import { Prose } from '../vocabulary/phrase.js';
import { State } from '../vocabulary/state.js';

/** What its agent reports, with reasons for anything wrong, and the last known report if the agent is silent. */
export function SandboxFacts({ sandbox }: { readonly sandbox: Sandbox }) {
  const {
    address,
    namespace,
    container,
    driver,
    status,
    isolation,
    isolationEvidence,
    isolationRemedy,
    source,
    dns,
    lastKnown,
  } = sandbox;
  return (
    <section className="part">
      <div className="heading">
        <h2>Facts</h2>
      </div>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          <State of={status} />
        </dd>
        {address != null && (
          <>
            <dt>Address</dt>
            <dd className="mono">{address}</dd>
          </>
        )}
        <dt>Driver</dt>
        <dd className="mono">{driver ?? 'not known'}</dd>
        {namespace !== null && (
          <>
            <dt>Namespace</dt>
            <dd className="mono">{namespace}</dd>
          </>
        )}
        {container !== null && (
          <>
            <dt>Container</dt>
            <dd className="mono">{container.name}</dd>
          </>
        )}
        <dt>Isolation</dt>
        <dd>
          {isolation === null ? <State of="unknown" /> : <State of={isolation} />}
          {isolationEvidence !== null && (
            <div className="remark">
              <Prose text={isolationEvidence} />
            </div>
          )}
          {isolationRemedy !== null && (
            <div className="remark">
              To do: <Prose text={isolationRemedy} />
            </div>
          )}
        </dd>
        <dt>Source</dt>
        <dd>{source ?? 'not known'}</dd>
        <dt>DNS</dt>
        <dd>
          <State of={dns} />
        </dd>
        {lastKnown !== null && (
          <>
            <dt>Last known</dt>
            <dd className="remark">
              isolation {lastKnown.isolation}, source {lastKnown.source}, DNS {lastKnown.dns}, <Age at={lastKnown.at} />
            </dd>
          </>
        )}
        <dt>Labels</dt>
        <dd>
          {labelTexts(sandbox.labels).map((text) => (
            <span key={text} className="tag">
              {text}
            </span>
          ))}
          {Object.keys(sandbox.labels).length === 0 && <span className="third">none</span>}
        </dd>
      </dl>
    </section>
  );
}
