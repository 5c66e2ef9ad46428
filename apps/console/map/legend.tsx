interface Props {
  /** What each kind of line means, and what none means. */
  readonly allow: string;
  readonly deny: string;
  readonly mixed: string;
  readonly none: string;
}

/** Explains each kind of line; none differs by colour alone. */
export function Legend({ allow, deny, mixed, none }: Props) {
  return (
    <div className="map-legend">
      <span>
        <svg viewBox="0 0 34 10" aria-hidden="true">
          <path d="M0 5h26" stroke="var(--ink2)" strokeWidth="1.6" />
          <path d="M25 1l9 4-9 4z" fill="var(--ink2)" />
        </svg>
        {allow}
      </span>
      <span>
        <svg viewBox="0 0 34 10" aria-hidden="true">
          <path d="M0 5h28" stroke="var(--deny)" strokeWidth="1.8" strokeDasharray="5 4" />
          <path d="M30 0v10" stroke="var(--deny)" strokeWidth="2.4" />
        </svg>
        {deny}
      </span>
      <span>
        <svg viewBox="0 0 34 10" aria-hidden="true">
          <path d="M0 5h22" stroke="var(--ink2)" strokeWidth="1.6" strokeDasharray="9 3 2 3" />
          <path d="M22 0v10" stroke="var(--deny)" strokeWidth="2" />
          <path d="M25 1l9 4-9 4z" fill="var(--ink2)" />
        </svg>
        {mixed}
      </span>
      <span>
        <svg viewBox="0 0 34 10" aria-hidden="true">
          <path d="M0 5h26" stroke="var(--ink2)" strokeWidth="3.2" />
          <path d="M24 0l10 5-10 5z" fill="var(--ink2)" />
        </svg>
        several pairs, with their count
      </span>
      <span>{none}</span>
    </div>
  );
}
