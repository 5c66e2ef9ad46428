import { type FormEvent, useState } from 'react';
import { createEnrollmentToken, type EnrollmentTokenDto } from '#libs/api-client/generated/index.js';
import { enrollmentLine } from '#libs/contracts/enrollment-line.js';
import { parseAgentName } from '#libs/contracts/ids.js';
import { Age } from '../vocabulary/age.js';
import { Field, faultOf, refusalAt } from '../writes/field.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';
import { ShownOnce } from '../writes/shown-once.js';

const parse = (text: string): unknown => parseAgentName(text, 'name');

/** Makes a one-time token. Only this page has it, until the page is left. */
export function EnrollAgent({ close }: { readonly close: () => void }) {
  const [name, setName] = useState('');
  const [token, setToken] = useState<EnrollmentTokenDto | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isGood = faultOf(parse, name) === null;
  const refusal = refusalAt(error, 'name');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      setToken(await createEnrollmentToken({ body: { name } }));
    } catch (refusal) {
      setError(refusal);
    }
  };
  return (
    <form className="composer" aria-label="Enrol an agent" onSubmit={(event) => void submit(event)}>
      {token === null && (
        <div className="fields">
          <Field
            label="Name"
            value={name}
            change={(text) => {
              setName(text);
              setError(null);
            }}
            parse={parse}
            placeholder="host-c"
            refusal={refusal}
          />
          <p className="hint">one agent for each host; its name stays</p>
        </div>
      )}
      {error !== null && refusal === null && <Problem error={error} />}
      {token !== null && (
        <ShownOnce
          about={
            <>
              A one-time token for <span className="mono">{token.name}</span>, which ends <Age at={token.expiresAt} />.
            </>
          }
          secret={enrollmentLine(token, location.origin)}
        >
          <p>
            Run this line as root on that host, where globalstacks-agent is installed. When it has enrolled, it appears
            in this list.
          </p>
        </ShownOnce>
      )}
      <SendRow
        verb="Make a one-time token"
        isReady={isGood}
        isDone={token !== null}
        close={close}
        words={['agent', 'enroll', name || '<name>']}
      />
    </form>
  );
}
