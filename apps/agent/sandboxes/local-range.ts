import { ALREADY_GONE, ip, ipUnless } from './ip-command.js';

/** Makes a range local, so that listeners may bind every address of it. */
export async function makeLocal(range: string): Promise<void> {
  await ip('link', 'set', 'lo', 'up');
  await ip('route', 'replace', 'local', range, 'dev', 'lo');
}

export async function makeForeign(range: string): Promise<void> {
  await ipUnless(ALREADY_GONE, 'route', 'del', 'local', range, 'dev', 'lo');
}
