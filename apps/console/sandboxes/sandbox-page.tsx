import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { agentsQuery, networksQuery, sandboxQuery } from '../api/queries.js';
import type { Sandbox } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Prose } from '../vocabulary/phrase.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { AttachTo } from './attach-to.js';
import { EditLabels } from './edit-labels.js';
import { NetworksAndAliases } from './networks-and-aliases.js';
import { SandboxFacts } from './sandbox-facts.js';
import { WhoMayReach } from './who-may-reach.js';

export function SandboxPage() {
  const { sandbox } = useParams({ from: '/frame/sandboxes/$sandbox' });
  useTitle(sandbox);
  return (
    <Loaded heading={<h1 className="mono">{sandbox}</h1>} query={useQuery(sandboxQuery(sandbox))}>
      {(shown) => <Shown sandbox={shown} />}
    </Loaded>
  );
}

function Shown({ sandbox }: { readonly sandbox: Sandbox }) {
  const [isEditing, setIsEditing] = useState(false);
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Labels need');
  const [first] = sandbox.networks;
  const networks = useQuery(networksQuery).data ?? [];
  const others = networks.filter(({ name }) => sandbox.networks.every(({ network }) => network !== name));
  // The agent's last contact is taken from the list of agents until a heartbeat arrives.
  const agent = useQuery(agentsQuery).data?.find(({ id }) => id === sandbox.agentId);
  return (
    <>
      <div className="head">
        <h1 className="mono">{sandbox.id}</h1>
        <span className="remark">
          {sandbox.agentId === null ? (
            'on no agent'
          ) : (
            <>
              on{' '}
              <Link className="mono" to="/agents/$agent" params={{ agent: sandbox.agentId }}>
                {sandbox.agentId}
              </Link>
              , last heard <Contact agentId={sandbox.agentId} known={agent?.lastContactAt ?? null} />
            </>
          )}
        </span>
        <div className="actions">
          {refusal !== null && <span className="remark">{refusal}</span>}
          <button
            type="button"
            className="button"
            disabled={!isLive || refusal !== null}
            onClick={() => setIsEditing(true)}
          >
            Edit labels
          </button>
          <AttachTo
            sandboxId={sandbox.id}
            networks={others.map(({ name }) => name)}
            isOff={!isLive || refusal !== null}
          />
          {first !== undefined && (
            <Link
              className="button primary"
              to="/networks/$network/diagnostics"
              params={{ network: first.network }}
              search={{ from: `sandbox:${sandbox.id}` }}
            >
              Test a connection
            </Link>
          )}
        </div>
      </div>
      {isEditing && <EditLabels sandbox={sandbox} close={() => setIsEditing(false)} />}
      <DnsTrouble sandbox={sandbox} />
      {sandbox.conflicts.map(({ agentId, code, message, remedy }) => (
        <section key={agentId} className="receipt stale-edge" aria-label={`Claim of ${agentId}`}>
          <div className="summary">
            <Said word={{ ...wordOf('STALE'), text: 'claimed twice' }} />
            <span className="anywhere">{message}</span>
            <span className="end mono third">{code}</span>
          </div>
          {remedy !== null && <p className="details anywhere">{remedy}</p>}
        </section>
      ))}
      <div className="two-columns">
        <div>
          <NetworksAndAliases sandbox={sandbox} />
          {sandbox.networks.map(({ network, aliases }) => (
            <WhoMayReach key={network} network={network} aliases={aliases.map(({ alias }) => alias)} />
          ))}
        </div>
        <aside aria-label="Facts">
          <SandboxFacts sandbox={sandbox} />
          <section className="part">
            <div className="heading">
              <h2>From a terminal</h2>
            </div>
            <CommandLine words={['sandbox', 'show', sandbox.id]} />
          </section>
        </aside>
      </div>
    </>
  );
}

/** What has to be done before the sandbox resolves names with its agent; shown first. */
function DnsTrouble({ sandbox: { id, dns, dnsRemedy, networks } }: { readonly sandbox: Sandbox }) {
  const [first] = networks;
  if (dns !== 'restart-required') return null;
  return (
    <section className="receipt stale-edge" aria-label="DNS">
      <div className="summary">
        <Said word={wordOf('restart-required')} />
        <span>
          <span className="mono">{id}</span> does not ask its agent for names yet. Others can reach it, but it can reach
          nobody by name.
        </span>
      </div>
      <div className="details">
        {dnsRemedy !== null && (
          <p className="anywhere">
            <Prose text={dnsRemedy} />
          </p>
        )}
        {first !== undefined && <p>Its aliases and rules stay. After that, let its agent look again:</p>}
        {first !== undefined && <CommandLine words={['network', 'reattach', first.network, id]} />}
      </div>
    </section>
  );
}
