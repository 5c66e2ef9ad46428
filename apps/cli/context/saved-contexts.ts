import { ContextError, UsageError } from '../errors/errors.js';
import type { SavedContext } from './context.js';

/** A context that `login` saved. */
export interface NamedContext {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

/** The saved contexts, the latest last, and the one that `context use` chose. */
export interface SavedContexts {
  readonly current: string | null;
  readonly contexts: readonly NamedContext[];
}

/** The name of the stack on this machine for `context use`. */
export const STACK = 'stack';

const NAME = /^[a-z0-9][a-z0-9.:_-]{0,62}$/;

/** A context's name; throws UsageError. */
export function parseContextName(text: string): string {
  if (NAME.test(text) && text !== STACK) return text;
  throw new UsageError(
    `${JSON.stringify(text)} is not a name for a context: 1 to 63 of a-z, 0-9, . : _ and -, other than ${STACK}`,
    'gstacks login --url http://127.0.0.1:7080 --context local',
  );
}

/** The default name of a context: the host of its control plane. */
export function nameOf(url: string): string {
  const { host, pathname } = new URL(url);
  const name = `${host}${pathname === '/' ? '' : pathname}`
    .toLowerCase()
    .replace(/[[\]]/g, '')
    .replace(/[^a-z0-9.:_-]/g, '-');
  return name.replace(/^[^a-z0-9]+/, '').slice(0, 63);
}

/**
 * Adds a context as the latest. It becomes the chosen one if another was chosen, because a user who logs in intends to
 * use it.
 */
export function withContext({ current, contexts }: SavedContexts, added: NamedContext): SavedContexts {
  return {
    current: current === null ? null : added.name,
    contexts: [...contexts.filter(({ name }) => name !== added.name), added],
  };
}

/** Chooses another context; throws ContextError. */
export function choosing(saved: SavedContexts, name: string): SavedContexts {
  if (name === STACK) return { ...saved, current: null };
  requireContext(saved, name);
  return { ...saved, current: name };
}

/** Removes a context; throws ContextError. */
export function withoutContext(saved: SavedContexts, name: string): SavedContexts {
  requireContext(saved, name);
  return {
    current: saved.current === name ? null : saved.current,
    contexts: saved.contexts.filter((context) => context.name !== name),
  };
}

/**
 * All contexts in order of preference. The stack of an explicitly named home folder comes first; the clone's stack
 * comes after the chosen context.
 */
export function inOrder(
  stack: SavedContext | null,
  saved: SavedContexts,
  path: string,
  homeIsNamed: boolean,
): readonly SavedContext[] {
  const all = saved.contexts.map((context) => ({ ...context, path })).reverse();
  const chosen = all.filter(({ name }) => name === saved.current);
  const others = all.filter(({ name }) => name !== saved.current);
  const stacks = stack === null ? [] : [stack];
  return homeIsNamed ? [...stacks, ...chosen, ...others] : [...chosen, ...stacks, ...others];
}

function requireContext({ contexts }: SavedContexts, name: string): void {
  if (contexts.some((context) => context.name === name)) return;
  throw new ContextError('CONTEXT_NOT_FOUND', `there is no context ${name}`, 'gstacks context list');
}
