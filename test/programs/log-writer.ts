import { createLog } from '#libs/program/log.js';

/**
 * log-writer.js PADDING: writes a numbered line to its log each few milliseconds, the padding with it; on its standard
 * error, what it has come to.
 */
const padding = process.argv[2];
const log = createLog({ process: 'log-writer' }, {});
let line = 0;
setInterval(() => {
  line += 1;
  log.info({ line, padding }, 'a line');
  process.stderr.write(`${line}\n`);
}, 5);
