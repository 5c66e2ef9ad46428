import { useEffect } from 'react';

/** The title of the tab: the place first, since tabs are narrow. */
export function useTitle(place: string): void {
  useEffect(() => {
    document.title = `${place} · GlobalStacks`;
  }, [place]);
}
