import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { skippedEvents, useObserved } from '../live/live-state.js';

const NEXT_KEY_MS = 1_500;
const PLACES: { readonly [key: string]: string } = {
  n: '/networks',
  s: '/sandboxes',
  a: '/agents',
  l: '/local-nodes',
  t: '/tokens',
};

/** Global keyboard shortcuts, and the panel that lists them. */
export function Keys() {
  const navigate = useNavigate();
  const skipped = useObserved(skippedEvents);
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    let goesSince = 0;
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setIsShown(false);
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = Date.now() - goesSince < NEXT_KEY_MS ? PLACES[event.key] : undefined;
      goesSince = event.key === 'g' ? Date.now() : 0;
      if (place !== undefined) void navigate({ to: place });
      else if (event.key === '?') setIsShown((shown) => !shown);
      else if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [navigate]);
  if (!isShown) return null;
  return (
    <section className="key-panel" aria-label="Keys">
      <h2>Keys</h2>
      <dl className="facts">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>to the filter of the page</dd>
        <dt>
          <kbd>g</kbd> then <kbd>n</kbd> <kbd>s</kbd> <kbd>a</kbd> <kbd>l</kbd> <kbd>t</kbd>
        </dt>
        <dd>networks, sandboxes, agents, local nodes, tokens</dd>
        <dt>in the map</dt>
        <dd>
          arrow keys go from box to box, <kbd>e</kbd> along the lines of a box; <kbd>Enter</kbd> holds a line,{' '}
          <kbd>Esc</kbd> lets go; <kbd>t</kbd> shows the table
        </dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>closes this</dd>
      </dl>
      <p className="remark">Events of a kind that this page does not know, skipped: {skipped}</p>
    </section>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}
