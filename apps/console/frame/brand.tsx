import { Link } from '@tanstack/react-router';

export function Brand() {
  return (
    <Link className="brand" to="/networks">
      <svg viewBox="0 0 18 18" aria-hidden="true">
        <g fill="currentColor">
          <rect x="1" y="2" width="4" height="14" />
          <rect x="7" y="2" width="4" height="14" />
        </g>
        <rect x="13.6" y="2.6" width="2.8" height="12.8" fill="none" stroke="currentColor" strokeWidth="1.2" />
        <rect x="13" y="9" width="4" height="7" fill="currentColor" />
      </svg>
      <span>GlobalStacks</span>
    </Link>
  );
}
