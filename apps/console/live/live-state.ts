import { useSyncExternalStore } from 'react';
import type { Hello, StreamMessage } from './messages.js';

/** Whether the page is up to date with the control plane, and if not, since when. Times are by this machine's clock. */
export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly hello: Hello; readonly since: number; readonly changesWhileAway: number | null }
  | { readonly kind: 'not-live'; readonly since: number; readonly nextTryAt: number; readonly hello: Hello | null }
  | { readonly kind: 'signed-out' };

/** A value outside React that components can subscribe to. */
export class Observed<Value> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: Value) {}

  readonly get = (): Value => this.value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(value: Value): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
}

export const liveState = new Observed<LiveState>({ kind: 'connecting' });
/** The number of the last event of the log that was received. */
export const lastPosition = new Observed<number | null>(null);
/** The number of messages with an unknown name. */
export const skippedEvents = new Observed(0);
/** Each agent's last contact, from the last heartbeats. */
export const contacts = new Observed<ReadonlyMap<string, string>>(new Map());

export function useObserved<Value>(observed: Observed<Value>): Value {
  return useSyncExternalStore(observed.subscribe, observed.get);
}

const isLiveNow = (): boolean => {
  const { kind } = liveState.get();
  return kind === 'live' || kind === 'connecting';
};

/** False once two heartbeats were missed. A page that was just opened counts as live. */
export function useIsLive(): boolean {
  return useSyncExternalStore(liveState.subscribe, isLiveNow);
}

export function nextLiveState(before: LiveState, message: StreamMessage, now: number): LiveState {
  switch (message.kind) {
    case 'live':
      return { kind: 'live', hello: message.hello, since: now, changesWhileAway: message.changesWhileAway };
    case 'not-live': {
      const hello = before.kind === 'live' || before.kind === 'not-live' ? before.hello : null;
      const since = before.kind === 'not-live' ? before.since : (message.since ?? now);
      return { kind: 'not-live', since, nextTryAt: message.nextTryAt, hello };
    }
    case 'signed-out':
      return { kind: 'signed-out' };
    case 'event':
      return before;
  }
}
