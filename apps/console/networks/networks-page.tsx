import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { networksQuery } from '../api/queries.js';
import type { Network } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { CreateNetwork } from './create-network.js';
import { DeletedNetworks } from './deleted-networks.js';
import { FirstRun } from './first-run.js';
import { HeldVersions } from './held-versions.js';
import { NetworkTable } from './network-table.js';

export function NetworksPage() {
  useTitle('Networks');
  return (
    <Loaded
      heading={<h1>Networks</h1>}
      columns={['Network', 'Status', 'Applied by agents']}
      query={useQuery(networksQuery)}
    >
      {(networks) => (networks.length === 0 ? <FirstRun /> : <NetworkList networks={networks} />)}
    </Loaded>
  );
}

function NetworkList({ networks }: { readonly networks: readonly Network[] }) {
  const { q = '', status } = useSearch({ from: '/frame/networks' });
  const navigate = useNavigate({ from: '/networks' });
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Creating networks needs');
  const [isCreating, setIsCreating] = useState(false);
  const shown = networks.filter((network) => isFound(network, q, status));
  const synced = networks.filter((network) => network.status === 'SYNCED').length;
  return (
    <>
      <div className="head">
        <h1>Networks</h1>
        <span className="second">
          {synced} of {networks.length} {isLive ? 'applied' : 'were applied'} by every agent
        </span>
        <div className="actions">
          <input
            className="input filter"
            type="search"
            aria-label="Filter networks"
            placeholder="name, status:stale"
            value={status === undefined ? q : `${q} status:${status}`.trim()}
            onChange={(event) => void navigate({ search: parsedFilter(event.target.value), replace: true })}
          />
          <button
            type="button"
            className="button primary"
            disabled={!isLive || refusal !== null}
            onClick={() => setIsCreating(true)}
          >
            Create network
          </button>
        </div>
      </div>
      {refusal !== null && <p className="remark">{refusal}</p>}
      <DeletedNetworks networks={networks} />
      {isCreating && <CreateNetwork close={() => setIsCreating(false)} />}
      <NetworkTable networks={shown} />
      {shown.length === 0 && <p className="empty">No network matches the filter.</p>}
      <HeldVersions networks={networks} />
      <section className="part terminal">
        <CommandLine words={['network', 'list']} />
      </section>
    </>
  );
}

function parsedFilter(text: string): { readonly q?: string; readonly status?: string } {
  const status = /(?:^|\s)status:(\S+)/.exec(text)?.[1];
  const q = text.replace(/(?:^|\s)status:\S+/, '');
  return { ...(q.trim() === '' ? {} : { q }), ...(status === undefined ? {} : { status }) };
}

function isFound(network: Network, q: string, status: string | undefined): boolean {
  if (status !== undefined && !network.status.toLowerCase().startsWith(status.toLowerCase())) return false;
  return network.name.includes(q.trim());
}
