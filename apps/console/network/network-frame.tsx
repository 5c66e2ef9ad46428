import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useParams } from '@tanstack/react-router';
import { networkQuery, statusQuery } from '../api/queries.js';
import type { Network } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { CopyButton } from '../vocabulary/copy.js';
import { NetworkReceipt } from '../writes/network-receipt.js';

/** The head of all pages of a network: its name, the receipt of the last change, and the tabs. */
export function NetworkFrame() {
  const { network } = useParams({ from: '/frame/networks/$network' });
  useTitle(network);
  return (
    <Loaded heading={<h1 className="mono">{network}</h1>} query={useQuery(networkQuery(network))}>
      {(shown) => <Shown network={shown} />}
    </Loaded>
  );
}

function Shown({ network }: { readonly network: Network }) {
  const { name, suffix, mode } = network;
  // These pages have another subject: there a change is shown only until it is proven.
  const isQuiet = useLocation({ select: ({ pathname }) => /\/(map|diagnostics|history(\/.*)?)$/.test(pathname) });
  return (
    <>
      <div className="head">
        <h1 className="mono">{name}</h1>
        <span className="second">
          names end in <span className="mono ink">{suffix}</span>
        </span>
        <CopyButton text={suffix} />
        <span className="remark wide-only">mode {mode}</span>
        <Actions network={name} />
      </div>
      <NetworkReceipt network={network} isQuiet={isQuiet} />
      <Tabs network={network} />
      <Outlet />
    </>
  );
}

function Actions({ network }: { readonly network: string }) {
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Changing it needs');
  const mayWrite = isLive && refusal === null;
  const params = { network };
  return (
    <div className="actions">
      {mayWrite ? (
        <>
          <Link className="button" to="/networks/$network/attachments" params={params} search={{ attach: 'open' }}>
            Attach sandbox
          </Link>
          <Link className="button" to="/networks/$network/policy" params={params} search={{ add: 'allow' }}>
            Add rule
          </Link>
        </>
      ) : (
        <>
          {refusal !== null && <span className="remark">{refusal}</span>}
          <button type="button" className="button" disabled>
            Attach sandbox
          </button>
          <button type="button" className="button" disabled>
            Add rule
          </button>
        </>
      )}
      {isLive ? (
        <Link className="button primary" to="/networks/$network/diagnostics" params={params}>
          Test a connection
        </Link>
      ) : (
        <button type="button" className="button primary" disabled>
          Test a connection
        </button>
      )}
    </div>
  );
}

function Tabs({ network: { name, aliases, rules, egressRules, sandboxes } }: { readonly network: Network }) {
  const params = { network: name };
  const status = useQuery(statusQuery(name)).data;
  const members = status === undefined ? null : status.agents.length + status.localNodes.length;
  return (
    <nav className="tabs" aria-label={name}>
      <Link to="/networks/$network" params={params} activeOptions={{ exact: true }}>
        Overview
      </Link>
      <Link to="/networks/$network/aliases" params={params}>
        Aliases <span className="count">{aliases}</span>
      </Link>
      <Link to="/networks/$network/policy" params={params}>
        Policy <span className="count">{rules}</span>
      </Link>
      <Link to="/networks/$network/egress" params={params}>
        Egress <span className="count">{egressRules}</span>
      </Link>
      <Link to="/networks/$network/attachments" params={params}>
        Attachments <span className="count">{sandboxes}</span>
      </Link>
      <Link to="/networks/$network/members" params={params}>
        Members {members !== null && <span className="count">{members}</span>}
      </Link>
      <Link to="/networks/$network/diagnostics" params={params}>
        Diagnostics
      </Link>
      <Link to="/networks/$network/map" params={params}>
        Map
      </Link>
      <Link to="/networks/$network/history" params={params}>
        History
      </Link>
    </nav>
  );
}
