import { registerHooks } from 'node:module';

/** Loaded into a process by `--import`: reports the files that it loads. */
registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('node:')) process.stdout.write(`loaded ${url}\n`);
    return nextLoad(url, context);
  },
});
