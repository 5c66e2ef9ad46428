import { useState } from 'react';
import { reattachSandbox } from '#libs/api-client/generated/index.js';
import { ProblemError } from '../api/client.js';
import { announcement } from '../writes/own-writes.js';

/** Sends the topology to the sandbox's agent again. It writes nothing, so the result is one word beside the button. */
export function Reattach({ network, sandboxId }: { readonly network: string; readonly sandboxId: string }) {
  const [said, setSaid] = useState('');
  const reattach = async (): Promise<void> => {
    setSaid('asking');
    try {
      const { result } = await reattachSandbox({ path: { network, sandboxId } });
      const text =
        result.dns === 'active' ? 'sent again; it asks its agent for names' : `sent again; DNS ${result.dns}`;
      setSaid(text);
      announcement.set(`${sandboxId}: ${text}`);
    } catch (error) {
      setSaid(error instanceof ProblemError ? error.message : 'no answer');
    }
  };
  return (
    <>
      <button
        type="button"
        className="link-button second"
        title={`gstacks network reattach ${network} ${sandboxId}`}
        aria-label={`reattach ${sandboxId}`}
        onClick={() => void reattach()}
      >
        reattach
      </button>
      {said !== '' && <div className="remark">{said}</div>}
    </>
  );
}
