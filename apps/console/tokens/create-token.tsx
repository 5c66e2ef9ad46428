import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { parseUserName } from '#libs/contracts/ids.js';
import { ask } from '../api/client.js';
import type { Role } from '../api/shapes.js';
import { Age } from '../vocabulary/age.js';
import { CopyButton } from '../vocabulary/copy.js';
import { Field, faultOf } from '../writes/field.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';

const parse = (text: string): unknown => parseUserName(text, 'user');
const ROLES: readonly (readonly [Role, string])[] = [
  ['joiner', 'may join networks from a machine, and nothing else'],
  ['viewer', 'sees everything but tokens'],
  ['operator', 'changes networks and sandboxes'],
  ['admin', 'also agents, tokens and sessions'],
];
const HOUR = 3_600;
const LIFETIMES: readonly (readonly [string, number])[] = [
  ['12 hours', 12 * HOUR],
  ['7 days', 7 * 24 * HOUR],
  ['30 days', 30 * 24 * HOUR],
];

interface NewToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string | null;
}

/** A token is shown once: the control plane keeps only its hash. */
export function CreateToken({ close }: { readonly close: () => void }) {
  const queries = useQueryClient();
  const [user, setUser] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [seconds, setSeconds] = useState(12 * HOUR);
  const [made, setMade] = useState<NewToken | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isGood = faultOf(parse, user) === null;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      setMade(await ask<NewToken>('POST', '/v1/tokens', { user, role, expiresInSeconds: seconds }));
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    } catch (refusal) {
      setError(refusal);
    }
  };
  return (
    <form className="composer" aria-label="Create token" onSubmit={(event) => void submit(event)}>
      <div className="fields">
        <Field label="User" value={user} change={setUser} parse={parse} placeholder="ada" />
        <label className="field">
          Role
          <select className="input" value={role} onChange={(event) => setRole(event.target.value as Role)}>
            {ROLES.map(([each, meaning]) => (
              <option key={each} value={each}>
                {each}: {meaning}
              </option>
            ))}
          </select>
        </label>
        <label className="field short">
          Ends after
          <select className="input" value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
            {LIFETIMES.map(([words, value]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error !== null && <Problem error={error} />}
      {made !== null && (
        <div className="fields">
          <div>
            <h2 className="small">Shown once</h2>
            <p className="mono anywhere">
              {made.token} <CopyButton text={made.token} />
            </p>
            {made.expiresAt !== null && (
              <p className="remark">
                It ends <Age at={made.expiresAt} />.
              </p>
            )}
          </div>
        </div>
      )}
      <SendRow verb="Create token" isReady={isGood} close={close} closing="Close" />
    </form>
  );
}
