import { useSyncExternalStore } from 'react';
import { counted } from '../vocabulary/times.js';

const narrow = matchMedia('(max-width: 640px)');
const followNarrow = (listener: () => void): (() => void) => {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
};

/** Whether the page is so narrow that a table is shown before the map. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(followNarrow, () => narrow.matches);
}

interface Props {
  readonly isTable: boolean;
  readonly pairs: number;
  readonly choose: (as: 'map' | 'table') => void;
}

/** Chooses between the map and its table. */
export function MapOrTable({ isTable, pairs, choose }: Props) {
  return (
    <fieldset className="plain">
      <legend className="hidden">Show as</legend>
      <span className="choice">
        {(['map', 'table'] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              className="hidden"
              name="as"
              checked={isTable === (each === 'table')}
              onChange={() => choose(each)}
            />
            {each === 'map' ? 'Map' : `Table of ${counted(pairs, 'pair')}`}
          </label>
        ))}
      </span>
    </fieldset>
  );
}
