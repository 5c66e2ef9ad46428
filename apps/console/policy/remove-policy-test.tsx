import { useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { removePolicyTest } from '#libs/api-client/generated/index.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { networkQuery, policyTestsQuery } from '../api/queries.js';
import { SendRow } from '../writes/send-row.js';
import { useWrite } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';

interface Props {
  readonly network: string;
  readonly testId: string;
  readonly close: () => void;
}

/** Keeps a verdict no longer: writes may change it then. */
export function RemovePolicyTest({ network, testId, close }: Props) {
  const test = useQuery(policyTestsQuery(network)).data?.find(({ id }) => id === testId);
  const version = useQuery(networkQuery(network)).data?.version ?? null;
  const { state, send } = useWrite();
  const text = test === undefined ? testId : policyTestText(test);
  const write = (seen: number | null): void =>
    void send({
      seen: seen ?? version,
      summary: `remove policy test ${text}`,
      send: (headers) => removePolicyTest({ path: { network, testId }, headers }),
      done: close,
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  return (
    <form className="composer" aria-label={`Remove ${testId}`} onSubmit={submit}>
      <div className="fields">
        <p>
          Remove policy test: <span className="mono anywhere">{text}</span>. Writes may change this verdict then.
        </p>
      </div>
      <WriteTrouble network={network} state={state} again={write} discard={close} />
      <SendRow
        verb="Remove policy test"
        isCut
        isReady={state.kind !== 'sending'}
        close={close}
        words={['network', 'policy', 'test', 'remove', network, testId, '--wait']}
      />
    </form>
  );
}
