import type { GlyphName } from './glyph.js';

/** How a state is shown: icon, word and colour, each sufficient alone. */
export interface Word {
  readonly glyph: GlyphName;
  readonly tone: string;
  readonly text: string;
}

const SYNCED: Word = { glyph: 'synced', tone: 'ok', text: 'synced' };
const UNKNOWN: Word = { glyph: 'unknown', tone: 'off', text: 'unknown' };

const WORDS: { readonly [state: string]: Word } = {
  SYNCED,
  PENDING: { glyph: 'pending', tone: 'pending', text: 'pending' },
  STALE: { glyph: 'stale', tone: 'stale', text: 'stale' },
  FAILED: { glyph: 'failed', tone: 'failed', text: 'failed' },
  OFFLINE: { glyph: 'offline', tone: 'off', text: 'offline' },
  UNKNOWN,
  EMPTY: { glyph: 'skipped', tone: 'off', text: 'empty' },
  EPOCH_REGRESSED: { glyph: 'failed', tone: 'failed', text: 'epoch regressed' },
  STREAM_UNREADABLE: { glyph: 'failed', tone: 'failed', text: 'stream unreadable' },
  QUARANTINED: { glyph: 'deny', tone: 'deny', text: 'quarantined' },
  ONLINE: { glyph: 'synced', tone: 'ok', text: 'in contact' },
  REVOKED: { glyph: 'deny', tone: 'deny', text: 'revoked' },
  EXPIRED: { glyph: 'offline', tone: 'off', text: 'expired' },
  LEFT: { glyph: 'skipped', tone: 'off', text: 'left' },
  RUNNING: { glyph: 'synced', tone: 'ok', text: 'running' },
  PAUSED: { glyph: 'stale', tone: 'stale', text: 'paused' },
  GONE: { glyph: 'offline', tone: 'off', text: 'gone' },
  UNPLACED: { glyph: 'offline', tone: 'off', text: 'unplaced' },
  active: { glyph: 'synced', tone: 'ok', text: 'active' },
  'restart-required': { glyph: 'stale', tone: 'stale', text: 'restart required' },
  enforced: { glyph: 'synced', tone: 'ok', text: 'enforced' },
  advisory: { glyph: 'stale', tone: 'stale', text: 'advisory' },
  broken: { glyph: 'failed', tone: 'failed', text: 'broken' },
  joined: { glyph: 'synced', tone: 'ok', text: 'joined' },
  joining: { glyph: 'pending', tone: 'pending', text: 'joining' },
  allow: { glyph: 'allow', tone: 'allow', text: 'allow' },
  deny: { glyph: 'deny', tone: 'deny', text: 'deny' },
  mixed: { glyph: 'mixed', tone: 'allow', text: 'mixed' },
  gained: { glyph: 'allow', tone: 'allow', text: 'gained' },
  lost: { glyph: 'deny', tone: 'deny', text: 'lost' },
  'no-rule': { glyph: 'no-rule', tone: 'off', text: 'no rule' },
  pass: { glyph: 'pass', tone: 'ok', text: 'pass' },
  fail: { glyph: 'failed', tone: 'failed', text: 'fail' },
  failed: { glyph: 'failed', tone: 'failed', text: 'failed' },
  unknown: UNKNOWN,
  skipped: { glyph: 'skipped', tone: 'off', text: 'skipped' },
};

/** The word for a state of the API. An unknown state is shown by its name, as unknown. */
export function wordOf(state: string): Word {
  return WORDS[state] ?? { ...UNKNOWN, text: state.toLowerCase() };
}

/** The word for a state while the page is not live: in the past tense and without colour. */
export function pastWordOf(state: string): Word {
  return { ...UNKNOWN, text: `was ${wordOf(state).text}` };
}

/** The CSS class for the edge of a receipt with this state. */
export function edgeOf(tone: string): string {
  return tone === 'ok' ? '' : `${tone}-edge`;
}
