import { type Expected, type Flow, hostsOf, isOutside, textOf } from './model.js';
import { OUTSIDE } from './outside.js';
import type { Host } from './places.js';

/**
 * A statement of the system, in its own words. For the first two, `followedBy` has the agents that are said to be at
 * the present version; nothing is claimed about others.
 */
export type Statement =
  | {
      readonly kind: 'applied';
      readonly words: string;
      readonly network: string;
      readonly followedBy: readonly Host[];
    }
  | {
      readonly kind: 'status';
      readonly words: string;
      readonly network: string;
      readonly followedBy: readonly Host[];
    }
  | {
      readonly kind: 'test';
      readonly words: string;
      readonly flow: Flow;
      readonly claims: 'reachable' | 'denied' | 'nothing';
    };

export type Dialled =
  | { readonly kind: 'answered'; readonly by: string }
  | { readonly kind: 'unanswered'; readonly why: string };

/** What a real sandbox observed right after a statement. */
export interface Sighting {
  readonly flow: Flow;
  readonly expected: Expected;
  readonly dialled: Dialled;
  /** What impedes the flow whatever version agents hold; null: nothing. */
  readonly obstacle: string | null;
}

/** A connection that was open before, and whether it still carries bytes. */
export interface HeldSighting {
  readonly flow: Flow;
  readonly expected: Expected;
  readonly isAlive: boolean;
}

/**
 * The contradiction between a statement and a dial right after it; null: both may be true. If a statement says that an
 * agent follows a version, then nothing that the version denies passes from or to it. If both ends follow it and
 * nothing impedes the flow, then what it allows is answered by the sandbox of the alias.
 */
export function contradiction(statement: Statement, sighting: Sighting): string | null {
  return statement.kind === 'test' ? ofTest(statement, sighting) : ofVersion(statement, sighting);
}

function ofTest(
  { words, flow, claims }: Extract<Statement, { kind: 'test' }>,
  { flow: dialledFlow, dialled, expected }: Sighting,
): string | null {
  if (textOf(flow) !== textOf(dialledFlow)) return null;
  const said = `network test says "${words}" of ${textOf(flow)}`;
  if (claims === 'denied' && dialled.kind === 'answered') return `${said}, and ${dialled.by} answered its dial`;
  if (claims !== 'reachable') return null;
  if (dialled.kind === 'unanswered') return `${said}, and its dial was not answered: ${dialled.why}`;
  return isOther(dialled, expected, flow)
    ? `${said}, and its dial reached ${dialled.by}, not ${meant(expected, flow)}`
    : null;
}

function ofVersion(
  { words, network, followedBy }: Exclude<Statement, { kind: 'test' }>,
  { flow, expected, dialled, obstacle }: Sighting,
): string | null {
  if (flow.network !== network) return null;
  const said = `"${words}"`;
  const hosts = hostsOf(flow, expected.target);
  const follows = (host: Host): boolean => followedBy.includes(host);
  if (expected.verdict === 'deny') {
    if (dialled.kind !== 'answered' || !hosts.some(follows)) return null;
    return `${said}, which denies ${textOf(flow)}, and ${dialled.by} answered its dial`;
  }
  if (expected.verdict === 'unknown' || !hosts.every(follows)) return null;
  if (dialled.kind === 'answered') {
    if (!isOther(dialled, expected, flow)) return null;
    return `${said}, and ${textOf(flow)} reached ${dialled.by}, not ${meant(expected, flow)}`;
  }
  if (obstacle !== null) return null;
  return `${said}, which allows ${textOf(flow)}, and its dial was not answered: ${dialled.why}`;
}

function isOther(dialled: Extract<Dialled, { kind: 'answered' }>, expected: Expected, flow: Flow): boolean {
  const by = meant(expected, flow);
  return by !== null && dialled.by !== by;
}

/** The expected answerer; null: unknown. */
function meant({ target }: Expected, { alias }: Flow): string | null {
  return isOutside(alias) ? OUTSIDE : target;
}

/** Like `contradiction`, for a connection that was open before: if it is denied, it must be cut. */
export function heldContradiction(statement: Statement, { flow, expected, isAlive }: HeldSighting): string | null {
  if (statement.kind === 'test' || !isAlive || expected.verdict !== 'deny') return null;
  if (flow.network !== statement.network) return null;
  if (!hostsOf(flow, expected.target).some((host) => statement.followedBy.includes(host))) return null;
  return `"${statement.words}", which denies ${textOf(flow)}, and a connection opened before still carries bytes`;
}

/** A statement about known facts only: a successful dial need not be repeated, a failed one may be. */
export function isSuspicion({ expected, dialled }: Sighting, statement: Statement): boolean {
  if (dialled.kind === 'answered') return false;
  return statement.kind === 'test' ? statement.claims === 'reachable' : expected.verdict === 'allow';
}

/** How many connections a write says it cut, compared with how many ended. */
export interface CutCount {
  readonly words: string;
  readonly claimed: number;
  /** Connections that the new version denies: open before the write, and ended after it. */
  readonly cut: number;
  /** Connections that ended although the new version may allow them. */
  readonly lost: number;
  /** Connections that are gone, and that an agent may still count as open. */
  readonly unseen: number;
  /** Whether only the write could have ended connections. */
  readonly isCalm: boolean;
}

export function cutContradiction({ words, claimed, cut, lost, unseen, isCalm }: CutCount): string | null {
  if (claimed > cut + lost + unseen) return `"${words}", and ${cut + lost} connections ended`;
  if (isCalm && claimed < cut) return `"${words}", and ${cut} connections ended that the new version denies`;
  if (isCalm && lost > 0) return `"${words}", and ${lost} connections ended that the new version allows`;
  return null;
}
