import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { deniedNamesQuery, egressRulesQuery, networkQuery } from '../api/queries.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { useNetworkName } from '../network/use-network.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { AddEgressRule } from './add-egress-rule.js';
import { DeniedNames } from './denied-names.js';
import { EgressTable } from './egress-table.js';
import { RemoveEgressRule } from './remove-egress-rule.js';
import { TestName } from './test-name.js';

/** Which names outside sandboxes may reach, what they were recently refused, and a test of a name. */
export function EgressPage() {
  const network = useNetworkName();
  const search = useSearch({ from: '/frame/networks/$network/egress' });
  const navigate = useNavigate({ from: '/networks/$network/egress' });
  const refusal = useRefusal('operator', 'Rules need');
  const mayWrite = useIsLive() && refusal === null;
  const version = useQuery(networkQuery(network)).data?.version;
  const close = (): void => void navigate({ search: {}, replace: true });
  return (
    <>
      {search.add !== undefined && mayWrite && version !== undefined && (
        <AddEgressRule
          key={`${search.add} ${search.from} ${search.to} ${search.port}`}
          network={network}
          initial={search}
          close={close}
        />
      )}
      {search.remove !== undefined && mayWrite && (
        <RemoveEgressRule network={network} ruleId={search.remove} close={close} />
      )}
      <section className="part first">
        <div className="heading">
          <h2>Names outside</h2>
          <span className="remark">
            A name that no rule allows does not exist for a sandbox. Any deny beats every allow.
          </span>
          <span className="end">
            {mayWrite ? (
              <Link className="button" to="/networks/$network/egress" params={{ network }} search={{ add: 'allow' }}>
                Allow a name
              </Link>
            ) : (
              <button type="button" className="button" disabled>
                Allow a name
              </button>
            )}
          </span>
        </div>
        <Loaded columns={['Effect', 'From', 'To name and port']} query={useQuery(egressRulesQuery(network))}>
          {(rules) => <EgressTable network={network} rules={rules} mayWrite={mayWrite} marked={search.rule} />}
        </Loaded>
      </section>
      {refusal !== null && <p className="remark part">{refusal}</p>}
      <section className="part terminal">
        <CommandLine words={['network', 'egress', 'list', network]} />
      </section>
      <section className="part">
        <div className="heading">
          <h2>Refused in the last hour</h2>
          <span className="remark">By the word of the agents. A query names no port.</span>
        </div>
        <Loaded columns={['Sandbox', 'Name', 'Why']} query={useQuery(deniedNamesQuery(network))}>
          {(denied) => <DeniedNames network={network} denied={denied} mayWrite={mayWrite} />}
        </Loaded>
      </section>
      <section className="part terminal">
        <CommandLine words={['network', 'egress', 'denied', network]} />
      </section>
      <TestName network={network} />
    </>
  );
}
