import { configureGlobal } from 'fast-check';

/**
 * Without this, fast-check makes small values however long they may be: a list of at most 4,000 has about ten. Loaded
 * before all tests (.mocharc.json).
 */
configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
