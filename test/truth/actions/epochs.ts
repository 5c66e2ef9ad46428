import { told } from '../world.js';
import type { Action } from './action.js';

export const EPOCHS: readonly Action[] = [
  {
    name: 'new-epoch',
    weight: 3,
    choose: (world) =>
      world.isPutBack && !world.faults.disturbs('control-plane') && !world.faults.disturbs('postgres')
        ? {
            text: 'new epoch',
            async run() {
              const { isStarted, output } = await world.operator.newEpoch();
              if (isStarted) world.epochStarted();
              return told(`gstacks admin new-epoch --yes: ${output}`);
            },
          }
        : null,
  },
];
