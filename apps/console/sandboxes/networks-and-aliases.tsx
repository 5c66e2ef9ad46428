import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { aliasesQuery, networksQuery } from '../api/queries.js';
import type { Sandbox } from '../api/shapes.js';
import { ListenersState, portsText } from '../network/alias-columns.js';
import { CommandLine } from '../vocabulary/command-line.js';

/** The networks that a sandbox is attached to, and its aliases there. */
export function NetworksAndAliases({ sandbox }: { readonly sandbox: Sandbox }) {
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
              <th scope="col" className="wide-only">
                DNS and listener
              </th>
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
                      <td className="wide-only" />
                      <td />
                    </tr>,
                  ]
                : aliases.map((alias, place) => (
                    <tr key={alias.name}>
                      <td className="mono strong">{place === 0 && <NetworkLink network={network} />}</td>
                      <td className="mono">
                        {alias.alias}
                        <span className="third">{alias.name.slice(alias.alias.length)}</span>
                        <div className="narrow-only sans">
                          <Listeners network={network} alias={alias.alias} />
                        </div>
                      </td>
                      <td className="mono">{portsText(alias.ports)}</td>
                      <td className="wide-only">
                        <Listeners network={network} alias={alias.alias} />
                      </td>
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

/** Whether the alias is up, from the list of the network's aliases. */
function Listeners({ network, alias }: { readonly network: string; readonly alias: string }) {
  const found = useQuery(aliasesQuery(network)).data?.find((each) => each.alias === alias);
  return found === undefined ? <span className="third">…</span> : <ListenersState listeners={found.listeners} />;
}

function NetworkLink({ network }: { readonly network: string }) {
  return (
    <Link to="/networks/$network" params={{ network }}>
      {network}
    </Link>
  );
}
