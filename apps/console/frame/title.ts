import { useEffect } from 'react';

/** The tab's title, with the page first because tabs are narrow. */
export function useTitle(place: string): void {
  useEffect(() => {
    document.title = `${place} · GlobalStacks`;
  }, [place]);
}
