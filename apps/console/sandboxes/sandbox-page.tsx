import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { networksQuery, sandboxQuery } from '../api/queries.js';
import type { Sandbox } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { portsText } from '../network/alias-columns.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { EditLabels } from './edit-labels.js';
import { SandboxFacts } from './sandbox-facts.js';
import { WhoMayReach } from './who-may-reach.js';

export function SandboxPage() {
  const { sandbox } = useParams({ from: '/frame/sandboxes/$sandbox' });
  useTitle(sandbox);
  return (
    <Loaded title={sandbox} query={useQuery(sandboxQuery(sandbox))}>
      {(shown) => <Shown sandbox={shown} />}
    </Loaded>
  );
}

function Shown({ sandbox }: { readonly sandbox: Sandbox }) {
  const [isEditing, setIsEditing] = useState(false);
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Labels need');
  const [first] = sandbox.networks;
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
              , whose last contact was <Contact agentId={sandbox.agentId} />
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

/** What has to be done before the sandbox asks its agent for names: the first thing that is said. */
function DnsTrouble({ sandbox: { id, dns, dnsRemedy, networks } }: { readonly sandbox: Sandbox }) {
  const [first] = networks;
  if (dns !== 'restart-required') return null;
  return (
    <section className="receipt stale-edge" aria-label="DNS">
      <div className="summary">
        <Said word={wordOf('restart-required')} />
        <span>{id} does not ask its agent for names yet. Others can reach it; it reaches nobody by name.</span>
      </div>
      <div className="details">
        {dnsRemedy !== null && <p className="anywhere">{dnsRemedy}</p>}
        {first !== undefined && <CommandLine words={['network', 'reattach', first.network, id]} />}
      </div>
    </section>
  );
}

function NetworksAndAliases({ sandbox }: { readonly sandbox: Sandbox }) {
  const all = useQuery(networksQuery).data;
  return (
    <section className="part">
      <div className="heading">
        <h2>Networks and aliases</h2>
        {all !== undefined && (
          <span className="remark">
            attached to {sandbox.networks.length} of {all.length}
          </span>
        )}
      </div>
      {sandbox.networks.length === 0 ? (
        <div className="empty">
          <p>Attached to no network: it reaches nothing and nothing reaches it.</p>
          <CommandLine
            words={['network', 'attach', all?.[0]?.name ?? '<network>', sandbox.id, '--alias', 'api', '--port', '8080']}
          />
        </div>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Network</th>
              <th scope="col">Publishes</th>
              <th scope="col">Ports</th>
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sandbox.networks.flatMap(({ network, aliases }) =>
              aliases.length === 0
                ? [
                    <tr key={network}>
                      <td className="mono strong">
                        <NetworkLink network={network} />
                      </td>
                      <td className="third">no alias: it may dial, nobody can dial it</td>
                      <td />
                      <td />
                    </tr>,
                  ]
                : aliases.map((alias, place) => (
                    <tr key={alias.name}>
                      <td className="mono strong">{place === 0 && <NetworkLink network={network} />}</td>
                      <td className="mono">
                        {alias.alias}
                        <span className="third">{alias.name.slice(alias.alias.length)}</span>
                      </td>
                      <td className="mono">{portsText(alias.ports)}</td>
                      <td className="number">
                        <Link
                          className="second"
                          to="/networks/$network/aliases"
                          params={{ network }}
                          search={{ remove: alias.alias }}
                          aria-label={`remove alias ${alias.alias} of ${network}`}
                        >
                          remove
                        </Link>
                      </td>
                    </tr>
                  )),
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

function NetworkLink({ network }: { readonly network: string }) {
  return (
    <Link to="/networks/$network" params={{ network }}>
      {network}
    </Link>
  );
}
