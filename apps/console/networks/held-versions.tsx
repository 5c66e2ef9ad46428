import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { agentsQuery } from '../api/queries.js';
import type { Agent, Network } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { meshText } from '../members/mesh-text.js';
import { Glyph } from '../vocabulary/glyph.js';
import { wordOf } from '../vocabulary/words.js';

/** A larger table would be unreadable; /agents shows the same by agent. */
const MOST = 8;

/** The version of each network that each agent has acknowledged. */
export function HeldVersions({ networks }: { readonly networks: readonly Network[] }) {
  const agents = useQuery(agentsQuery).data?.filter(({ status }) => status !== 'REVOKED');
  if (agents === undefined || agents.length === 0) return null;
  if (agents.length > MOST || networks.length > MOST) {
    return (
      <p className="part remark">
        <Link to="/agents">What each agent holds</Link>
      </p>
    );
  }
  return (
    <section className="part">
      <div className="heading">
        <h2>What each agent holds</h2>
        <span className="remark">version applied now, by the agent's own acknowledgement</span>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Agent</th>
            {networks.map(({ id, name }) => (
              <th key={id} scope="col" className="mono name">
                {name}
              </th>
            ))}
            <th scope="col" className="wide-only">
              Last contact
            </th>
            <th scope="col" className="wide-only">
              Mesh
            </th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.id}>
              <th scope="row" className="mono">
                <Link to="/agents/$agent" params={{ agent: agent.id }}>
                  {agent.id}
                </Link>
              </th>
              {networks.map((network) => (
                <Held key={network.id} agent={agent} network={network.name} />
              ))}
              <td className="second wide-only">
                <Contact agentId={agent.id} known={agent.lastContactAt} />
              </td>
              <td className="second wide-only">{meshText(agent.mesh)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Held({ agent, network }: { readonly agent: Agent; readonly network: string }) {
  const isLive = useIsLive();
  const held = agent.networks.find((each) => each.network === network);
  if (held === undefined) return <td className="third">no part in it</td>;
  const word = isLive ? wordOf(held.status) : wordOf('UNKNOWN');
  return (
    <td className="mono unbroken">
      <Glyph name={word.glyph} tone={word.tone} /> <span className="hidden">{word.text}</span>
      {held.appliedVersion ?? 'none'}
      {held.appliedVersion !== held.version && <span className="third"> of {held.version}</span>}
    </td>
  );
}
