import { signOut } from './session.js';

export function SignOut() {
  return (
    <button type="button" className="link-button" onClick={() => void signOut('here')}>
      Sign out
    </button>
  );
}
