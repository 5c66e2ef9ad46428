import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { labelSandbox } from '#libs/api-client/generated/index.js';
import type { Sandbox } from '../api/shapes.js';
import { labelTexts } from '../vocabulary/labels.js';
import { Field, faultOf, refusalAt } from '../writes/field.js';
import { announcement } from '../writes/own-writes.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';
import { newKey } from '../writes/use-write.js';
import { labelChange, parseLabelsText } from './label-text.js';

/** Labels belong to the sandbox; all its networks follow a change. */
export function EditLabels({ sandbox, close }: { readonly sandbox: Sandbox; readonly close: () => void }) {
  const queries = useQueryClient();
  const [text, setText] = useState(labelTexts(sandbox.labels).join(' '));
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);
  const key = useRef(newKey());
  const isGood = faultOf(parseLabelsText, text) === null;
  const refusal = refusalAt(error, 'set') ?? refusalAt(error, 'remove');
  const change = isGood ? labelChange(sandbox.labels, parseLabelsText(text)) : { set: {}, remove: [] };
  const words = [...labelTexts(change.set), ...change.remove.map((label) => `${label}-`)];

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setIsSending(true);
    try {
      const body = { set: { ...change.set }, remove: [...change.remove] };
      await labelSandbox({ path: { sandboxId: sandbox.id }, headers: { 'Idempotency-Key': key.current }, body });
      await queries.invalidateQueries({ queryKey: ['sandbox', sandbox.id] });
      announcement.set(`labels of ${sandbox.id} written`);
      close();
    } catch (refusal) {
      setError(refusal);
      setIsSending(false);
    }
  };
  return (
    <form className="composer" aria-label="Edit labels" onSubmit={(event) => void submit(event)}>
      <div className="fields">
        <Field
          label="Labels"
          value={text}
          change={(value) => {
            setText(value);
            setError(null);
            key.current = newKey();
          }}
          parse={parseLabelsText}
          placeholder="tier=web team=shop"
          refusal={refusal}
        />
      </div>
      {error !== null && refusal === null && <Problem error={error} />}
      <SendRow
        verb="Write labels"
        isReady={isGood && !isSending && words.length > 0}
        close={close}
        words={['sandbox', 'label', sandbox.id, ...(words.length === 0 ? ['<key>=<value>'] : words)]}
      />
    </form>
  );
}
