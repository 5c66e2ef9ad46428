import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { announcement } from '../writes/own-writes.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';
import { newKey } from '../writes/use-write.js';

interface Ended {
  readonly changed: boolean;
  readonly connectionCut: boolean;
  readonly connectionNotCutReason: string | null;
}

interface Props {
  readonly name: string;
  readonly verb: string;
  readonly words: readonly string[];
  /** What is lost with it, shown before the request is sent. */
  readonly consequence: string;
  readonly send: (headers: { readonly 'Idempotency-Key': string }) => Promise<Ended>;
  readonly close: () => void;
}

/** Revokes an agent or ends a local node, and shows whether its bus connection is known to be cut. */
export function EndMember({ name, verb, words, consequence, send, close }: Props) {
  const queries = useQueryClient();
  const key = useRef(newKey());
  const [ended, setEnded] = useState<Ended | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);
  const submit = async (): Promise<void> => {
    setIsSending(true);
    setError(null);
    try {
      const result = await send({ 'Idempotency-Key': key.current });
      setEnded(result);
      announcement.set(`${name} revoked`);
      void queries.invalidateQueries();
    } catch (refusal) {
      setError(refusal);
    }
    setIsSending(false);
  };
  return (
    <form
      className="composer"
      aria-label={`${verb} ${name}`}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="fields">
        <p>
          <b className="mono">{name}</b>: {consequence}
        </p>
      </div>
      {error !== null && <Problem error={error} />}
      {ended !== null && (
        <p className="fields">
          {ended.connectionCut ? (
            <Said word={{ ...wordOf('pass'), text: 'revoked; it has no connection any more' }} />
          ) : (
            <>
              <Said word={{ ...wordOf('unknown'), text: 'revoked; whether its connection is cut is not known' }} />
              <span className="remark">{ended.connectionNotCutReason}</span>
            </>
          )}
        </p>
      )}
      <SendRow verb={verb} isCut isReady={!isSending} isDone={ended !== null} close={close} words={words} />
    </form>
  );
}
