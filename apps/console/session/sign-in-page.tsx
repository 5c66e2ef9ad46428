import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useEffectEvent, useState } from 'react';
import { liveState } from '../live/live-state.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Problem } from '../writes/problem.js';
import { codeToSend } from './one-time-code.js';
import { signIn } from './session.js';

/** A field for the token; a one-time link needs none. */
export function SignInPage() {
  const navigate = useNavigate();
  const { to, ended } = useSearch({ from: '/sign-in' });
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);

  async function enter(by: { readonly code: string } | { readonly token: string }): Promise<void> {
    setIsSending(true);
    setError(null);
    try {
      await signIn(by);
      liveState.set({ kind: 'connecting' });
      await navigate({ to: to ?? '/networks', replace: true });
    } catch (refusal) {
      setError(refusal);
      setIsSending(false);
    }
  }

  const enterByCode = useEffectEvent(() => {
    const code = codeToSend();
    if (code !== null) void enter({ code });
  });
  useEffect(() => {
    document.title = 'Sign in';
    enterByCode();
  }, []);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void enter({ token: token.trim() });
  };

  return (
    <main className="sign-in">
      <h1>Sign in</h1>
      {ended !== undefined && error === null && (
        <p role="status">Your session has ended. Nothing is written from this page until you sign in again.</p>
      )}
      {error !== null && <Problem error={error} />}
      <form className="part first" onSubmit={submit}>
        <label className="field">
          Token
          <input
            className="input"
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <p className="part first">
          <button type="submit" className="button primary" disabled={isSending || token.trim() === ''}>
            {isSending ? 'Signing in' : 'Sign in'}
          </button>
        </p>
      </form>
      <section className="part">
        <p className="remark">Or make a link that signs in once, at a terminal where gstacks works:</p>
        <CommandLine words={['console']} />
      </section>
    </main>
  );
}
