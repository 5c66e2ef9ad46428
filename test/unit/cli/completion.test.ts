import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { candidates, type KnownCommands } from '#apps/cli/completion/candidates.js';
import { CLONE } from '#test/support/clone.js';

/** Expected completions of a line: words that must be among them, and the kind of names. */
const rows: readonly (readonly [line: string, words: readonly string[], names?: string, network?: string])[] = [
  ['', ['network', 'token', 'whoami']],
  ['network ', ['create', 'alias', 'policy']],
  ['network alias ', ['add', 'list', 'remove']],
  ['mesh forward ', ['list', 'stop'], 'networks'],
  ['mesh forward dev ', [], 'destinations', 'dev'],
  ['network show ', [], 'networks'],
  ['network create ', []],
  ['network attach dev ', [], 'sandboxes', 'dev'],
  ['network attach dev sbx-api --alias ', []],
  ['network alias remove dev ', [], 'aliases', 'dev'],
  ['network policy allow dev --from ', [], 'sources', 'dev'],
  ['network policy allow --from web dev --to ', [], 'aliases', 'dev'],
  ['network policy remove dev ', [], 'rules', 'dev'],
  ['network egress remove dev ', [], 'egress rules', 'dev'],
  ['network test dev web ', [], 'destinations', 'dev'],
  ['network test dev web api:8080 --expect ', ['allow', 'deny']],
  ['network status dev --', ['--watch', '--json', '--url']],
  ['sandbox show ', [], 'sandboxes'],
  ['sandbox pin sbx-api --to ', [], 'agents'],
  ['agent enroll ', []],
  ['agent revoke ', [], 'agents'],
  ['mesh revoke ', [], 'nodes'],
  ['token revoke ', [], 'tokens'],
  ['token create ada --role ', ['viewer', 'joiner', 'operator', 'admin']],
  ['token create ada --join ', [], 'networks'],
  ['context use ', [], 'contexts'],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['sandbox exec sbx-api -- ', []],
  ['nonsense ', []],
  ['network nonsense ', []],
];

describe('cli: what a shell is offered', () => {
  let commands: KnownCommands;
  before(async () => {
    commands = JSON.parse(await readFile(join(CLONE, 'oclif.manifest.json'), 'utf8')).commands;
  });

  for (const [line, expected, names = null, network = null] of rows) {
    it(`after \`gstacks ${line}\``, () => {
      const found = candidates(commands, line.split(' '));
      expect([found.names, found.names === null ? null : found.network]).to.deep.equal([names, network]);
      if (expected.length === 0) expect(found.words).to.deep.equal([]);
      else expect(found.words).to.include.members([...expected]);
    });
  }

  it('offers a flag once, unless it may be repeated, and does not take a value of --wait for an argument', () => {
    const offered = (line: string) => candidates(commands, line.split(' '));
    expect(offered('network attach dev sbx --port 80 --alias a --').words)
      .to.include('--port')
      .and.not.include('--alias');
    expect(offered('network detach --wait dev ')).to.include({ names: 'sandboxes', network: 'dev' });
  });
});
