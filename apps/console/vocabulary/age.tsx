import { useEffect, useRef } from 'react';
import { useIsLive } from '../live/live-state.js';
import { clockTime, duration } from './times.js';

/** One clock for all ages on the page. It writes into the elements directly, so no component renders for it. */
const shown = new Map<HTMLElement, () => string>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(element: HTMLElement, text: () => string): () => void {
  shown.set(element, text);
  element.textContent = text();
  timer ??= setInterval(() => {
    for (const [each, say] of shown) {
      const now = say();
      if (each.textContent !== now) each.textContent = now;
    }
  }, 1_000);
  return () => {
    shown.delete(element);
    if (shown.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** `3 s ago`, or `in 12 min`; a clock time while the page is not live, because the current state is then unknown. */
export function Age({ at }: { readonly at: string }) {
  const isLive = useIsLive();
  const time = Date.parse(at);
  return (
    <Ticking
      at={time}
      text={(now) => {
        if (!isLive) return `at ${clockTime(time, now)}`;
        return time > now ? `in ${duration(time - now)}` : `${duration(now - time)} ago`;
      }}
    />
  );
}

/** `3 s`, by this machine's clock, also while the page is not live. */
export function Ago({ at }: { readonly at: number }) {
  return <Ticking at={at} text={(now) => duration(now - at)} />;
}

/** `in 3 s`, then `now`. */
export function Until({ at }: { readonly at: number }) {
  return <Ticking at={at} text={(now) => (at > now ? `in ${duration(at - now)}` : 'now')} />;
}

function Ticking({ at, text }: { readonly at: number; readonly text: (now: number) => string }) {
  const element = useRef<HTMLTimeElement>(null);
  const say = useRef(text);
  say.current = text;
  useEffect(() => {
    if (element.current === null) return undefined;
    return watch(element.current, () => say.current(Date.now()));
  }, []);
  useEffect(() => {
    if (element.current !== null) element.current.textContent = text(Date.now());
  });
  return <time ref={element} dateTime={new Date(at).toISOString()} />;
}
