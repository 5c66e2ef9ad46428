import { readFileSync } from 'node:fs';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';

/** The release of this process: `version` of package.json, three folders above the compiled file. */
export const RELEASE: string = textUpTo(64)(
  parseObject(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')), 'package').version,
  'version',
);
