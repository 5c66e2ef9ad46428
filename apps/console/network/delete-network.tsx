import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { deleteNetwork } from '#libs/api-client/generated/index.js';
import { networkQuery } from '../api/queries.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { counted } from '../vocabulary/times.js';
import { ConfirmWrite } from '../writes/confirm-write.js';

/** Deleting requires typing the name, because every alias and rule of the network is lost. */
export function DeleteNetwork({ network }: { readonly network: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const navigate = useNavigate();
  const isLive = useIsLive();
  const refusal = useRefusal('operator', 'Deleting a network needs');
  const sandboxes = useQuery(networkQuery(network)).data?.sandboxes ?? 0;
  const detachAll = sandboxes > 0;
  if (!isOpen) {
    return (
      <p className="part line">
        <button type="button" className="button" disabled={!isLive || refusal !== null} onClick={() => setIsOpen(true)}>
          Delete network
        </button>
        {refusal !== null && <span className="remark">{refusal}</span>}
      </p>
    );
  }
  return (
    <ConfirmWrite
      network={network}
      intent={{ kind: 'delete', detachAll }}
      label={`Delete ${network}`}
      text={network}
      {...(detachAll ? { more: `, with ${counted(sandboxes, 'attachment')}` } : {})}
      verb="Delete network"
      summary={`delete network ${network}`}
      words={['network', 'delete', network, ...(detachAll ? ['--detach-all'] : []), '--wait']}
      send={(headers) => deleteNetwork({ path: { network }, query: { detachAll }, headers })}
      close={() => setIsOpen(false)}
      done={() => void navigate({ to: '/networks' })}
      toType={network}
    />
  );
}
