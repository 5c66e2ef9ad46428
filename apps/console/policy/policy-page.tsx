import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { networkQuery, reachabilityQuery, rulesQuery } from '../api/queries.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { useNetworkName } from '../network/use-network.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { AddPolicyTest } from './add-policy-test.js';
import { AddRule } from './add-rule.js';
import { PolicyTests } from './policy-tests.js';
import { RemovePolicyTest } from './remove-policy-test.js';
import { RemoveRule } from './remove-rule.js';
import { rulesByInterest } from './rule-order.js';
import { RuleTable } from './rule-table.js';

export function PolicyPage() {
  const network = useNetworkName();
  const search = useSearch({ from: '/frame/networks/$network/policy' });
  const navigate = useNavigate({ from: '/networks/$network/policy' });
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Rules need');
  const version = useQuery(networkQuery(network)).data?.version;
  const reachability = useQuery(reachabilityQuery(network)).data;
  const close = (): void =>
    void navigate({ search: search.effect === undefined ? {} : { effect: search.effect }, replace: true });
  const mayWrite = isLive && refusal === null;
  return (
    <>
      {search.add !== undefined && mayWrite && version !== undefined && (
        <AddRule
          key={`${search.add} ${search.from} ${search.to} ${search.port}`}
          network={network}
          initial={search}
          close={close}
        />
      )}
      {search.remove !== undefined && mayWrite && <RemoveRule network={network} ruleId={search.remove} close={close} />}
      {search.test !== undefined && mayWrite && <AddPolicyTest network={network} close={close} />}
      {search.untest !== undefined && mayWrite && (
        <RemovePolicyTest network={network} testId={search.untest} close={close} />
      )}
      <section className="part first">
        <div className="heading">
          <h2>Rules</h2>
          <span className="remark">What no rule allows is denied. Any deny beats every allow.</span>
          <span className="end">
            <select
              className="input"
              aria-label="Show rules by effect"
              value={search.effect ?? ''}
              onChange={(event) =>
                void navigate({
                  search: event.target.value === '' ? {} : { effect: event.target.value },
                  replace: true,
                })
              }
            >
              <option value="">allow and deny</option>
              <option value="allow">allow</option>
              <option value="deny">deny</option>
            </select>
          </span>
        </div>
        <Loaded columns={['Effect', 'From', 'To alias and port']} query={useQuery(rulesQuery(network))}>
          {(rules) => (
            <RuleTable
              network={network}
              isFiltered={search.effect !== undefined}
              marked={search.rule}
              rules={rulesByInterest(rules, reachability?.rules ?? []).filter(
                ({ effect }) => search.effect === undefined || effect === search.effect,
              )}
            />
          )}
        </Loaded>
      </section>
      {refusal !== null && <p className="remark part">{refusal}</p>}
      <section className="part terminal">
        <CommandLine words={['network', 'policy', 'list', network]} />
      </section>
      <PolicyTests network={network} mayWrite={mayWrite} />
    </>
  );
}
