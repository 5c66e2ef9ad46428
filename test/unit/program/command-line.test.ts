import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '#libs/program/command-line.js';
import { withConfigFile, withSecretFiles } from '#libs/program/config-file.js';

describe('the settings of an installed program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-config-'));
  const file = join(folder, 'agent.env');
  const nowhere = join(folder, 'nowhere');

  before(() => writeFileSync(file, '# a comment\nONE=file\nTWO="two words"\nTHREE=file\n'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('come from its file, after what the environment has', () => {
    const environment = { ONE: 'environment', THREE: '' };
    expect(withConfigFile(environment, file, nowhere)).to.deep.equal({
      ONE: 'environment',
      TWO: 'two words',
      THREE: 'file',
    });
  });

  it('need no file, unless one is named', () => {
    expect(withConfigFile({ ONE: '1' }, null, nowhere)).to.deep.equal({ ONE: '1' });
    expect(() => withConfigFile({}, nowhere, file))
      .to.throw(`${nowhere} cannot be read: ENOENT`)
      .with.property('remedy', `check the path after --config; without --config, ${file} is read if it is there`);
  });

  it('have secrets from files of their own, unless they are set', () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'sesame\n');
    const settings = { TOKEN_FILE: secret, KEY_FILE: secret, KEY: 'set' };
    expect(withSecretFiles(settings, ['TOKEN', 'KEY', 'NONE'])).to.deep.equal({ ...settings, TOKEN: 'sesame' });
    expect(() => withSecretFiles({ TOKEN_FILE: nowhere }, ['TOKEN'])).to.throw(nowhere);
  });
});

describe('the command line of a program', () => {
  const ran: unknown[] = [];
  const commands = {
    go: {
      summary: 'Go',
      usage: 'WHERE [--fast]',
      options: { fast: { type: 'boolean' }, by: { type: 'string', multiple: true } },
      arguments: 1,
      run: async (given: { arguments: readonly string[]; has(name: string): boolean; many(name: string): unknown }) => {
        ran.push([given.arguments, given.has('fast'), given.many('by')]);
        return 3;
      },
    },
  } as const;

  /** The exit code; mocha's own exit code does not change. */
  async function exitCodeOf(...argv: string[]): Promise<number> {
    const before = process.exitCode;
    process.exitCode = 0;
    await runCommandLine('program', commands, argv, {});
    const code = Number(process.exitCode);
    process.exitCode = before;
    return code;
  }

  it('hands options and arguments to the command, and ends with its code', async () => {
    expect(await exitCodeOf('go', 'there', '--fast', '--by', 'foot', '--by', 'sea')).to.equal(3);
    expect(ran).to.deep.equal([[['there'], true, ['foot', 'sea']]]);
  });

  for (const argv of [['come'], ['go'], ['go', 'here', 'there'], ['go', 'there', '--slow']]) {
    it(`refuses \`program ${argv.join(' ')}\` with exit code 2`, async () => {
      expect(await exitCodeOf(...argv)).to.equal(2);
    });
  }
});
