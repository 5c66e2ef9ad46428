import { createLog } from '#libs/program/log.js';

/**
 * log-writer.js PADDING: writes a numbered line, with the padding, to its log every few milliseconds, and the present
 * number to its standard error.
 */
const padding = process.argv[2];
const log = createLog({ process: 'log-writer' }, {});
let line = 0;
setInterval(() => {
  line += 1;
  log.info({ line, padding }, 'a line');
  process.stderr.write(`${line}\n`);
}, 5);
