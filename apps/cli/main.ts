import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareArgv, wantsJson } from './argv.js';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const argv = prepareArgv(process.argv.slice(2));

if (argv[0] === '--version' || argv[0] === '-v') {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { readonly version: string };
  process.stdout.write(
    wantsJson(argv)
      ? `${JSON.stringify({ version })}\n`
      : `gstacks ${version} ${process.platform}-${process.arch} node-${process.version}\n`,
  );
} else {
  const { runCommandLine } = await import('./run-command-line.js');
  await runCommandLine(argv, root);
}
