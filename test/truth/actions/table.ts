import type { Action } from './action.js';
import { CLOCK_FAULTS } from './clocks.js';
import { EPOCHS } from './epochs.js';
import { LYING } from './lies.js';
import { PATH_FAULTS } from './paths.js';
import { PROCESS_FAULTS } from './processes.js';
import { RECORD_FAULTS } from './record.js';
import { TARGET_FAULTS } from './targets.js';
import { TORN_FILES } from './torn-files.js';
import { WRITES } from './writes.js';

/** All actions of a step. */
export const ACTIONS: readonly Action[] = [
  ...WRITES,
  ...PROCESS_FAULTS,
  ...CLOCK_FAULTS,
  ...TARGET_FAULTS,
  ...PATH_FAULTS,
  ...LYING,
  ...TORN_FILES,
  ...RECORD_FAULTS,
  ...EPOCHS,
];
