import { fileURLToPath } from 'node:url';

/** The folder of this clone. */
export const CLONE = fileURLToPath(new URL('../../..', import.meta.url));
