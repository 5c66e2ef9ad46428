import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { momentOf } from '#libs/contracts/moment-texts.js';
import { Field, faultOf } from '../writes/field.js';

const PARSE = (text: string): string => momentOf(text, 'version', Date.now());

interface Props {
  readonly network: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Chooses two versions or times, and leads to what they let through differently. */
export function CompareForm({ network, from: initialFrom = '', to: initialTo = '' }: Props) {
  const [from, setFrom] = useState(initialFrom);
  const [to, setTo] = useState(initialTo);
  const navigate = useNavigate();
  const isGood = faultOf(PARSE, from) === null && faultOf(PARSE, to) === null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isGood) return;
    void navigate({
      to: '/networks/$network/history/diff',
      params: { network },
      search: { from: PARSE(from), to: PARSE(to) },
    });
  };
  return (
    <form className="composer plain" aria-label="Compare two versions" onSubmit={submit}>
      <div className="fields">
        <Field label="Version or time" value={from} change={setFrom} parse={PARSE} placeholder="3" />
        <Field label="compared with" value={to} change={setTo} parse={PARSE} placeholder="14, 2h" />
        <div className="beside">
          <button type="submit" className="button" disabled={!isGood}>
            Compare
          </button>
        </div>
      </div>
    </form>
  );
}
