import { type RefObject, useEffect, useEffectEvent, useLayoutEffect } from 'react';

/**
 * A form that opens in place takes the focus, returns it to the opener when it closes, and closes with Escape, so
 * keyboard users continue where they were. A page opened together with its form keeps its focus.
 */
export function useFormFocus(inside: RefObject<HTMLElement | null>, close: (() => void) | undefined): void {
  useLayoutEffect(() => {
    const form = inside.current?.closest('form');
    const opener = document.activeElement;
    if (form == null || !(opener instanceof HTMLElement) || opener === document.body) return undefined;
    form.tabIndex = -1;
    form.focus();
    return () => {
      // The form still exists here; a moment later another page may be shown.
      if (isAt(form, document.activeElement)) setTimeout(() => giveBack(opener));
    };
  }, [inside]);

  const pressed = useEffectEvent((event: KeyboardEvent): void => {
    const form = inside.current?.closest('form');
    // An open list of names closes first, and prevents the default.
    if (event.key !== 'Escape' || event.defaultPrevented || close === undefined) return;
    if (form != null && isAt(form, event.target)) close();
  });
  useEffect(() => {
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

/** A button that is disabled when pressed loses the focus to the page. */
function isAt(form: HTMLFormElement, place: EventTarget | null): boolean {
  return place === document.body || (place instanceof Node && form.contains(place));
}

/** Focuses the page's heading if the opener is gone. */
function giveBack(opener: HTMLElement): void {
  const heading = document.querySelector('h1');
  if (opener.isConnected) opener.focus();
  else if (heading !== null) {
    heading.tabIndex = -1;
    heading.focus();
  }
}
