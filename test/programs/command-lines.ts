import { createInterface } from 'node:readline';
import { prepareArgv } from '#apps/cli/argv.js';
import { runCommandLine } from '#apps/cli/run-command-line.js';
import { CLONE } from '#test/support/clone.js';

/**
 * Runs many command lines of gstacks in one process: each line of standard input is a JSON list of arguments; the exit
 * code and output are written as a JSON object on one line.
 */
type Write = typeof process.stdout.write;

async function outcomeOf(words: readonly string[]): Promise<unknown> {
  const printed = { stdout: '', stderr: '' };
  const streams = ['stdout', 'stderr'] as const;
  const own = streams.map((name) => process[name].write);
  for (const name of streams) process[name].write = collect((text) => (printed[name] += text));
  try {
    process.exitCode = 0;
    await runCommandLine(prepareArgv([...words]), CLONE);
    return { exitCode: process.exitCode, ...printed };
  } finally {
    process.exitCode = 0;
    // Each command adds its own, for a process that ends with it.
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
    for (const [index, name] of streams.entries()) process[name].write = own[index] ?? process[name].write;
  }
}

function collect(add: (text: string) => void): Write {
  return (chunk: string | Uint8Array, ...rest: unknown[]) => {
    add(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = rest.find((argument) => typeof argument === 'function');
    if (done !== undefined) queueMicrotask(() => done());
    return true;
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await outcomeOf(JSON.parse(line)))}\n`);
}
