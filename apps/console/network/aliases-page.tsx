import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { removeAlias } from '#libs/api-client/generated/index.js';
import { aliasesQuery } from '../api/queries.js';
import type { Alias } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { ConfirmWrite } from '../writes/confirm-write.js';
import { AddAlias } from './add-alias.js';
import { aliasColumns, answeredText } from './alias-columns.js';
import { useNetworkName } from './use-network.js';

/** All aliases of the network, with forms to add and remove them. */
export function AliasesPage() {
  const network = useNetworkName();
  const { q = '', add, remove } = useSearch({ from: '/frame/networks/$network/aliases' });
  const navigate = useNavigate({ from: '/networks/$network/aliases' });
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Aliases need');
  const mayWrite = isLive && refusal === null;
  const close = (): void => void navigate({ search: q === '' ? {} : { q }, replace: true });
  const columns = useMemo(
    () => (mayWrite ? [...aliasColumns, removeColumn(network)] : aliasColumns),
    [network, mayWrite],
  );
  return (
    <>
      {add !== undefined && mayWrite && (
        <AddAlias network={network} sandboxId={add === 'open' ? '' : add} close={close} />
      )}
      {remove !== undefined && mayWrite && (
        <ConfirmWrite
          network={network}
          intent={{ kind: 'remove-alias', alias: remove }}
          label={`Remove alias ${remove}`}
          text={`${remove}.${network}`}
          verb="Remove alias"
          summary={`remove alias ${remove}`}
          words={['network', 'alias', 'remove', network, remove, '--wait']}
          send={(headers) => removeAlias({ path: { network, alias: remove }, headers })}
          close={close}
        />
      )}
      <Loaded columns={['Name', 'Ports', 'DNS and listener']} query={useQuery(aliasesQuery(network))}>
        {(aliases) => {
          const shown = aliases.filter(({ alias, sandboxId }) => alias.includes(q) || sandboxId.includes(q));
          return (
            <section className="part first">
              <div className="heading">
                <h2>Aliases</h2>
                <span className="remark">{aliases.length > 0 ? answeredText(aliases, isLive) : ''}</span>
                <div className="actions">
                  <input
                    className="input filter"
                    type="search"
                    aria-label="Filter aliases"
                    placeholder="alias, sandbox"
                    value={q}
                    onChange={(event) =>
                      void navigate({
                        search: event.target.value === '' ? {} : { q: event.target.value },
                        replace: true,
                      })
                    }
                  />
                  <button
                    type="button"
                    className="button"
                    disabled={!mayWrite}
                    onClick={() => void navigate({ search: { add: 'open' } })}
                  >
                    Add alias
                  </button>
                </div>
              </div>
              {shown.length > 0 && (
                <ListTable label="Aliases" columns={columns} rows={shown} keyOf={({ alias }) => alias} />
              )}
              {aliases.length === 0 && (
                <div className="empty">
                  <p>No aliases: nothing in {network} has a name yet.</p>
                  <CommandLine
                    words={['network', 'attach', network, '<sandbox-id>', '--alias', 'api', '--port', '8080']}
                  />
                </div>
              )}
              {aliases.length > 0 && shown.length === 0 && <p className="empty">No alias matches the filter.</p>}
            </section>
          );
        }}
      </Loaded>
      {refusal !== null && <p className="remark part">{refusal}</p>}
      <section className="part terminal">
        <CommandLine words={['network', 'alias', 'list', network]} />
      </section>
    </>
  );
}

const removeColumn = (network: string): Column<Alias> => ({
  heading: <span className="hidden">Remove</span>,
  className: 'number',
  cell: ({ alias }) => (
    <Link
      className="second"
      to="/networks/$network/aliases"
      params={{ network }}
      search={{ remove: alias }}
      aria-label={`remove ${alias}`}
    >
      remove
    </Link>
  ),
});
