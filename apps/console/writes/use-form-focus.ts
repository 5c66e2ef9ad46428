import { type RefObject, useEffect, useEffectEvent, useLayoutEffect } from 'react';

/**
 * A form that opens in place takes the focus from what opened it, gives it back when it closes, and closes with Escape:
 * whoever has no pointer goes on where they were. A page that is opened with its form keeps the focus where it is.
 */
export function useFormFocus(inside: RefObject<HTMLElement | null>, close: (() => void) | undefined): void {
  useLayoutEffect(() => {
    const form = inside.current?.closest('form');
    const opener = document.activeElement;
    if (form == null || !(opener instanceof HTMLElement) || opener === document.body) return undefined;
    form.tabIndex = -1;
    form.focus();
    return () => {
      // The form is still there; what it stood in may be another page a moment later.
      if (isAt(form, document.activeElement)) setTimeout(() => giveBack(opener));
    };
  }, [inside]);

  const pressed = useEffectEvent((event: KeyboardEvent): void => {
    const form = inside.current?.closest('form');
    // An open list of names closes first, and says so.
    if (event.key !== 'Escape' || event.defaultPrevented || close === undefined) return;
    if (form != null && isAt(form, event.target)) close();
  });
  useEffect(() => {
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

/** A button that is pressed and cannot be pressed again loses the focus to the page. */
function isAt(form: HTMLFormElement, place: EventTarget | null): boolean {
  return place === document.body || (place instanceof Node && form.contains(place));
}

/** To the heading of the page where what opened the form is gone. */
function giveBack(opener: HTMLElement): void {
  const heading = document.querySelector('h1');
  if (opener.isConnected) opener.focus();
  else if (heading !== null) {
    heading.tabIndex = -1;
    heading.focus();
  }
}
