import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { freePort } from '#test/support/ports.js';
import { type ScriptedResolver, startScripted } from './resolvers.js';
import { type Served, serve } from './served.js';

const run = promisify(execFile);

/** Resolvers are asked at port 53, so this run uses its own addresses. */
const ADDRESS = `127.${randomInt(100, 150)}.${randomInt(1, 250)}.1`;
const SEARCH = 'search default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n';
/** The C library waits 5 s for a name without a usable answer. */
const AT_ONCE_MS = 3_000;

describe("musl's resolver, with a search list and ndots:5", () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-musl-'));
  const program = join(folder, 'look-up');
  let silent: ScriptedResolver;
  let served: Served | null = null;
  before(async () => {
    await run('musl-gcc', ['-static', '-o', program, join(CLONE, 'test/programs/look-up.c')]);
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${ADDRESS}\n${SEARCH}`);
    silent = await startScripted(() => null);
  });
  afterEach(async () => {
    await served?.server.close();
  });
  after(async () => {
    await silent.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The program's output, run with this test's resolv.conf in a separate mount namespace. */
  async function lookUp(name: string): Promise<string> {
    const script = 'mount --bind "$1" /etc/resolv.conf && exec "$2" "$3"';
    const args = ['-m', 'sh', '-c', script, 'sh', join(folder, 'resolv.conf'), program, name];
    return run('unshare', args).then(
      ({ stdout }) => stdout.trim(),
      (error) => String(error.stdout).trim(),
    );
  }

  const rows: readonly [what: string, upstreams: () => Promise<readonly string[]>][] = [
    ['no upstream resolver', async () => []],
    ['an upstream resolver that is silent', async () => [silent.address]],
    ['an upstream resolver that is not there', async () => [`127.0.0.1:${await freePort()}`]],
  ];
  for (const [what, upstreams] of rows) {
    it(`finds an alias at once, with ${what}`, async () => {
      served = await serve({ upstreams: await upstreams(), listen: [`${ADDRESS}:53`] });
      const before = silent.asked.udp;
      const began = performance.now();
      expect(await lookUp('api.dev.gstacks')).to.equal('127.77.0.1');
      expect(performance.now() - began).to.be.lessThan(AT_ONCE_MS);
      expect(silent.asked.udp).to.equal(before);
    });
  }

  it('finds at once that an outside name does not exist, with no upstream resolver', async () => {
    served = await serve({ listen: [`${ADDRESS}:53`] });
    const began = performance.now();
    expect(await lookUp('www.example.com')).to.match(/does not/i);
    expect(performance.now() - began).to.be.lessThan(AT_ONCE_MS);
  });
});
