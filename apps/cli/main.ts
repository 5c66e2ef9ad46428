import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RELEASE } from '#libs/program/release.js';
import { installSmallFetch } from './api/small-fetch.js';
import { prepareArgv, wantsJson } from './argv.js';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

async function main(argv: string[]): Promise<void> {
  if (argv[0] === '--version' || argv[0] === '-v') {
    process.stdout.write(
      wantsJson(argv)
        ? `${JSON.stringify({ version: RELEASE })}\n`
        : `gstacks ${RELEASE} ${process.platform}-${process.arch} node-${process.version}\n`,
    );
    return;
  }
  installSmallFetch();
  if (argv[0] === '__complete') {
    const { complete } = await import('./completion/complete.js');
    await complete(argv, root);
  } else {
    const { runCommandLine } = await import('./run-command-line.js');
    await runCommandLine(argv, root);
  }
}

void main(prepareArgv(process.argv.slice(2)));
