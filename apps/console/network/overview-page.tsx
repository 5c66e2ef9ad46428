import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { aliasesQuery, reachabilityQuery, rulesQuery, statusQuery } from '../api/queries.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { AgentMembers, LocalNodeMembers } from '../members/member-lists.js';
import { rulesByInterest } from '../policy/rule-order.js';
import { RuleTable } from '../policy/rule-table.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { ListTable } from '../vocabulary/list-table.js';
import { aliasColumns, answeredText } from './alias-columns.js';
import { useNetworkName } from './use-network.js';

const MOST_ALIASES = 12;
const MOST_RULES = 8;

/** What is published, what may communicate, and which agents follow it. */
export function OverviewPage() {
  const network = useNetworkName();
  return (
    <div className="two-columns">
      <div>
        <Aliases network={network} />
        <Policy network={network} />
      </div>
      <aside aria-label="Members">
        <Loaded query={useQuery(statusQuery(network))}>
          {(status) => (
            <>
              <AgentMembers agents={status.agents} />
              <LocalNodeMembers localNodes={status.localNodes} />
            </>
          )}
        </Loaded>
        <section className="part">
          <div className="heading">
            <h2>From a terminal</h2>
          </div>
          <CommandLine words={['network', 'status', network, '--watch']} />
        </section>
      </aside>
    </div>
  );
}

function Aliases({ network }: { readonly network: string }) {
  const isLive = useIsLive();
  return (
    <section className="part first">
      <Loaded query={useQuery(aliasesQuery(network))}>
        {(aliases) => (
          <>
            <div className="heading">
              <h2>Aliases</h2>
              {aliases.length > 0 && <span className="remark">{answeredText(aliases, isLive)}</span>}
              <span className="end">
                <Link to="/networks/$network/aliases" params={{ network }}>
                  {aliases.length > MOST_ALIASES ? `All ${aliases.length} aliases` : 'Add or remove'}
                </Link>
              </span>
            </div>
            {aliases.length === 0 ? (
              <div className="empty">
                <p>No aliases: nothing in {network} has a name yet.</p>
                <CommandLine
                  words={['network', 'attach', network, '<sandbox-id>', '--alias', 'api', '--port', '8080']}
                />
              </div>
            ) : (
              <ListTable
                label="Aliases"
                columns={aliasColumns}
                rows={aliases.slice(0, MOST_ALIASES)}
                keyOf={({ alias }) => alias}
              />
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Policy({ network }: { readonly network: string }) {
  const reachability = useQuery(reachabilityQuery(network)).data;
  return (
    <section className="part">
      <Loaded query={useQuery(rulesQuery(network))}>
        {(rules) => (
          <>
            <div className="heading">
              <h2>Policy</h2>
              <span className="remark">What no rule allows is denied. Any deny beats every allow.</span>
              <span className="end">
                <Link to="/networks/$network/policy" params={{ network }}>
                  {rules.length > MOST_RULES ? `All ${rules.length} rules` : 'Add or remove'}
                </Link>
              </span>
            </div>
            <RuleTable
              network={network}
              isExcerpt
              rules={rulesByInterest(rules, reachability?.rules ?? []).slice(0, MOST_RULES)}
            />
          </>
        )}
      </Loaded>
    </section>
  );
}
