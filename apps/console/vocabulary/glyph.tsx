import type { ReactElement } from 'react';

export type GlyphName =
  | 'synced'
  | 'pending'
  | 'stale'
  | 'failed'
  | 'offline'
  | 'unknown'
  | 'allow'
  | 'deny'
  | 'mixed'
  | 'no-rule'
  | 'pass'
  | 'skipped';

const SHAPES: { readonly [Name in GlyphName]: ReactElement } = {
  synced: <circle cx="6" cy="6" r="5" fill="currentColor" />,
  pending: (
    <>
      <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" strokeWidth="1.3" />
      <path d="M6 1.6a4.4 4.4 0 0 0 0 8.8z" fill="currentColor" />
    </>
  ),
  stale: <path d="M6 1.2 11.2 10.6H.8z" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinejoin="round" />,
  failed: (
    <>
      <path d="M1 1h10v10H1z" fill="currentColor" />
      <path d="m3.6 3.6 4.8 4.8m0-4.8-4.8 4.8" stroke="var(--surface)" strokeWidth="1.5" />
    </>
  ),
  offline: (
    <>
      <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" strokeWidth="1.3" />
      <path d="m2.9 9.1 6.2-6.2" stroke="currentColor" strokeWidth="1.3" />
    </>
  ),
  unknown: (
    <>
      <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.2" strokeDasharray="1.6 1.7" />
      <path d="M6 4v2.4M6 7.6v1" stroke="currentColor" strokeWidth="1.3" />
    </>
  ),
  allow: (
    <>
      <path d="M0 6h8" stroke="currentColor" strokeWidth="1.6" />
      <path d="M7 2.4 12 6 7 9.6z" fill="currentColor" />
    </>
  ),
  deny: (
    <>
      <path d="M0 6h3.4M5 6h4.4" stroke="currentColor" strokeWidth="1.6" />
      <path d="M10.4 1.2v9.6" stroke="currentColor" strokeWidth="2" />
    </>
  ),
  mixed: (
    <>
      <path d="M0 3.4h7" stroke="currentColor" strokeWidth="1.4" />
      <path d="m6.6.6 4.6 2.8-4.6 2.8z" fill="currentColor" />
      <path d="M0 9h2.6M4 9h3.6" stroke="currentColor" strokeWidth="1.4" />
      <path d="M9 6.6v5" stroke="currentColor" strokeWidth="1.8" />
    </>
  ),
  'no-rule': <path d="M0 6h12" stroke="currentColor" strokeWidth="1.6" strokeDasharray="1.6 2.4" />,
  pass: <path d="m1.6 6.4 3 3 6-7" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  skipped: <path d="M2 6h8" stroke="currentColor" strokeWidth="1.6" />,
};

/** An icon of the console's set. It is never used alone: a word beside it says the same. */
export function Glyph({ name, tone }: { readonly name: GlyphName; readonly tone?: string }) {
  return (
    <svg className={`glyph ${tone ?? ''}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}
