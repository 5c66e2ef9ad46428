import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../api/queries.js';
import { Loaded } from '../frame/loaded.js';
import { BehindAgents } from '../members/behind-agents.js';
import { AgentMembers, LocalNodeMembers } from '../members/member-lists.js';
import { meshText } from '../members/mesh-text.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { DeleteNetwork } from './delete-network.js';
import { useNetworkName } from './use-network.js';

/** The members of the network and their progress. */
export function MembersPage() {
  const network = useNetworkName();
  return (
    <>
      <Loaded query={useQuery(statusQuery(network))}>
        {(status) => (
          <>
            <AgentMembers agents={status.agents} />
            <BehindAgents network={network} version={status.version} agents={status.agents} />
            {status.agents.length > 0 && (
              <section className="part">
                <div className="heading">
                  <h2>Mesh, and connections refused</h2>
                  <span className="remark">since each agent started</span>
                </div>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Agent</th>
                      <th scope="col">Mesh</th>
                      <th scope="col">Refused</th>
                    </tr>
                  </thead>
                  <tbody>
                    {status.agents.map(({ agentId, mesh, refusedFlows }) => (
                      <tr key={agentId}>
                        <td className="mono">{agentId}</td>
                        <td>{meshText(mesh)}</td>
                        <td className="mono">
                          {refusedFlows.map(({ code, count }) => `${count} ${code}`).join(', ') || 'none'}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            )}
            <LocalNodeMembers localNodes={status.localNodes} />
          </>
        )}
      </Loaded>
      <section className="part terminal">
        <CommandLine words={['network', 'status', network, '--watch']} />
      </section>
      <DeleteNetwork network={network} />
    </>
  );
}
