import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const run = promisify(execFile);
const MODULE = pathToFileURL(join(CLONE, 'dist/apps/agent/sandboxes/firewall/nft-command.js')).href;

/** The result of loading rules with the agent's own call of nft, in a process that is started like this. */
async function answer(under: readonly string[], rules: string, path = process.env.PATH): Promise<string> {
  const script = `const { loadRules } = await import('${MODULE}');
await loadRules(${JSON.stringify(rules)}).then(
  () => console.log('loaded'),
  ({ code, message, remedy }) => console.log([code, message, remedy].join(' | ')),
);`;
  const [command = '', ...args] = [...under, process.execPath, '--input-type=module', '-e', script];
  return (await run(command, args, { env: { PATH: path } })).stdout.trim();
}

describe('rules that cannot be loaded are answered with what is wrong and what to do', () => {
  const apart = ['unshare', '--net'];
  const rules = 'table inet gs_test {\nchain input { type filter hook input priority 0; }\n}';

  it('not where they can be', async () => expect(await answer(apart, rules)).to.equal('loaded'));

  it('without nft', async () => {
    expect(await answer([], rules, '/nowhere')).to.match(/^NFT_MISSING .*not installed \| install nftables$/);
  });

  it('without the right to', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--clear-groups'];
    expect(await answer(nobody, rules)).to.match(/^NFT_FORBIDDEN .*\| run the agent as root/);
  });

  it('by a kernel that does not have what they need', async () => {
    const unknown = rules.replace('hook input', 'hook nowhere');
    expect(await answer(apart, unknown)).to.match(/^NFT_REFUSED .*\| a kernel of Linux 5\.14 or newer/);
  });
});
