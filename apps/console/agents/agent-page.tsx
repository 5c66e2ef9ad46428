import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { revokeAgent } from '#libs/api-client/generated/index.js';
import { agentsQuery } from '../api/queries.js';
import type { Agent } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { meshText } from '../members/mesh-text.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { State } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { EndMember } from './end-member.js';

export function AgentPage() {
  const { agent: id } = useParams({ from: '/frame/agents/$agent' });
  useTitle(id);
  return (
    <Loaded heading={<h1 className="mono">{id}</h1>} query={useQuery(agentsQuery)}>
      {(agents) => {
        const agent = agents.find((each) => each.id === id);
        return agent === undefined ? (
          <>
            <h1 className="mono">{id}</h1>
            <p className="empty">There is no agent of this name.</p>
          </>
        ) : (
          <Shown agent={agent} />
        );
      }}
    </Loaded>
  );
}

function Shown({ agent }: { readonly agent: Agent }) {
  const [isRevoking, setIsRevoking] = useState(false);
  const isLive = useIsLive();
  const refusal = useRefusal('admin', 'Revoking agents needs');
  const isRevoked = agent.status === 'REVOKED';
  return (
    <>
      <div className="head">
        <h1 className="mono">{agent.id}</h1>
        <State of={agent.status} />
        <span className="remark">
          last contact <Contact agentId={agent.id} known={agent.lastContactAt} />
        </span>
        <div className="actions">
          {refusal !== null && <span className="remark">{refusal}</span>}
          <button
            type="button"
            className="button"
            disabled={!isLive || refusal !== null || isRevoked}
            onClick={() => setIsRevoking(true)}
          >
            Revoke
          </button>
        </div>
      </div>
      {isRevoking && (
        <EndMember
          name={agent.id}
          verb="Revoke agent"
          words={['agent', 'revoke', agent.id]}
          consequence={`its ${counted(agent.sandboxes.length, 'sandbox', 'sandboxes')} can then reach nobody and be reached by nobody in ${counted(
            agent.networks.length,
            'network',
          )}, and its open connections are cut. To bring it back, enrol it again with a new token.`}
          send={(headers) => revokeAgent({ path: { agentId: agent.id }, headers })}
          close={() => setIsRevoking(false)}
        />
      )}
      <div className="two-columns">
        <section className="part">
          <div className="heading">
            <h2>Networks</h2>
            <span className="remark">by its own acknowledgements</span>
          </div>
          {agent.networks.length === 0 && <p className="empty">It takes part in no network.</p>}
          {agent.networks.length > 0 && <HeldNetworks agent={agent} />}
        </section>
        <aside aria-label="Facts">
          <section className="part">
            <div className="heading">
              <h2>Facts</h2>
            </div>
            <dl className="facts">
              <dt>Mesh</dt>
              <dd>{meshText(agent.mesh)}</dd>
              <dt>Driver</dt>
              <dd className="mono">{agent.driver ?? 'not known'}</dd>
              <dt>Software</dt>
              <dd className="mono">{agent.softwareVersion ?? 'not known'}</dd>
              <dt>Sandboxes</dt>
              <dd>
                {agent.sandboxes.map((sandbox) => (
                  <div key={sandbox} className="mono">
                    <Link to="/sandboxes/$sandbox" params={{ sandbox }}>
                      {sandbox}
                    </Link>
                  </div>
                ))}
                {agent.sandboxes.length === 0 && 'none'}
              </dd>
            </dl>
          </section>
          {agent.refused.length > 0 && (
            <section className="part">
              <div className="heading">
                <h2>Sandboxes it cannot take</h2>
              </div>
              <ul className="members">
                {agent.refused.map(({ name, code, message, remedy }) => (
                  <li key={name}>
                    <span className="mono strong">{name}</span>
                    <span className="mono third">{code}</span>
                    <span className="whole">{message}</span>
                    <span className="whole remark">{remedy}</span>
                  </li>
                ))}
              </ul>
            </section>
          )}
          <section className="part">
            <div className="heading">
              <h2>From a terminal</h2>
            </div>
            <CommandLine words={['agent', 'list']} />
          </section>
        </aside>
      </div>
    </>
  );
}

function HeldNetworks({ agent }: { readonly agent: Agent }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Network</th>
          <th scope="col">State</th>
          <th scope="col" className="number">
            Applied
          </th>
          <th scope="col" className="number">
            Current
          </th>
        </tr>
      </thead>
      <tbody>
        {agent.networks.map(({ network, status, appliedVersion, version }) => (
          <tr key={network}>
            <td className="mono">
              <Link to="/networks/$network" params={{ network }}>
                {network}
              </Link>
            </td>
            <td>
              <State of={status} />
            </td>
            <td className="mono number">{appliedVersion ?? 'none'}</td>
            <td className="mono number">{version}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
