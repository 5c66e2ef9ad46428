import { configureGlobal } from 'fast-check';

/**
 * Without this, fast-check draws small values whatever their maximum: a list of at most 4,000 has about ten elements.
 * Loaded before all tests (.mocharc.json).
 */
configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
