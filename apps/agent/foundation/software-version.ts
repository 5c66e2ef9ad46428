import { readFileSync } from 'node:fs';
import { parseObject } from '#libs/contracts/json-fields.js';

/** The version in package.json, which stands four folders above the compiled file. */
export const SOFTWARE_VERSION = String(
  parseObject(JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')), 'package')
    .version,
);
