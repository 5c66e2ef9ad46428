import { Link } from '@tanstack/react-router';
import { useSession } from '../session/session.js';
import { Brand } from './brand.js';

/** Replaces the rail on a narrow page. */
export function TopBar({ isOpen, toggle }: { readonly isOpen: boolean; readonly toggle: () => void }) {
  const session = useSession();
  return (
    <header className="top">
      <Brand />
      <nav aria-label="Sections, narrow">
        <Link to="/networks">Networks</Link>
        <Link to="/sandboxes">Sandboxes</Link>
        <Link to="/agents">Agents</Link>
        <Link to="/local-nodes">Local nodes</Link>
        {session.role === 'admin' && <Link to="/tokens">Tokens</Link>}
      </nav>
      <button type="button" className="button quiet menu" aria-expanded={isOpen} onClick={toggle}>
        Menu
      </button>
    </header>
  );
}
