import { type FormEvent, useState } from 'react';
import { createEnrollmentToken, type EnrollmentTokenDto } from '#libs/api-client/generated/index.js';
import { parseAgentName } from '#libs/contracts/ids.js';
import { Age } from '../vocabulary/age.js';
import { CopyButton } from '../vocabulary/copy.js';
import { Field, faultOf } from '../writes/field.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';

const parse = (text: string): unknown => parseAgentName(text, 'name');

/** Makes a one-time token. It is kept nowhere but in this page until the page is left. */
export function EnrollAgent({ close }: { readonly close: () => void }) {
  const [name, setName] = useState('');
  const [token, setToken] = useState<EnrollmentTokenDto | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isGood = faultOf(parse, name) === null;
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
      <div className="fields">
        <Field label="Name" value={name} change={setName} parse={parse} placeholder="host-c" />
      </div>
      {error !== null && <Problem error={error} />}
      {token !== null && (
        <div className="fields">
          <div>
            <h2 className="small">Shown once</h2>
            <p className="mono anywhere">
              {token.token} <CopyButton text={token.token} />
            </p>
            <p className="remark">
              Works once, for {token.name}, and ends <Age at={token.expiresAt} />. Put it into a file on that host and
              start the agent there with
            </p>
            <p className="mono anywhere">
              GLOBALSTACKS_AGENT_NAME={token.name} GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE=&lt;that file&gt;
            </p>
          </div>
        </div>
      )}
      <SendRow
        verb="Make a one-time token"
        isReady={isGood}
        close={close}
        closing="Close"
        words={['agent', 'enroll', name || '<name>']}
      />
    </form>
  );
}
