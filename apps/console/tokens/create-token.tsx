import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { parseUserName } from '#libs/contracts/ids.js';
import { ask } from '../api/client.js';
import type { Role } from '../api/shapes.js';
import { Age } from '../vocabulary/age.js';
import { Field, faultOf, refusalAt } from '../writes/field.js';
import { Problem } from '../writes/problem.js';
import { SendRow } from '../writes/send-row.js';
import { ShownOnce } from '../writes/shown-once.js';

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
  const refusal = refusalAt(error, 'user');
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
      {made === null && (
        <div className="fields">
          <Field
            label="User"
            value={user}
            change={(text) => {
              setUser(text);
              setError(null);
            }}
            parse={parse}
            placeholder="ada"
            refusal={refusal}
          />
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
      )}
      {error !== null && refusal === null && <Problem error={error} />}
      {made !== null && (
        <ShownOnce
          about={
            <>
              A token for <span className="mono">{user}</span> as {role}, which{' '}
              {made.expiresAt === null ? (
                'never ends'
              ) : (
                <>
                  ends <Age at={made.expiresAt} />
                </>
              )}
              .
            </>
          }
          secret={made.token}
        />
      )}
      <SendRow verb="Create token" isReady={isGood} isDone={made !== null} close={close} />
    </form>
  );
}
