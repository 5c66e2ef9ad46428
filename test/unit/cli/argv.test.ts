import { expect } from 'chai';
import { prepareArgv, wantsJson } from '#apps/cli/argv.js';

describe('cli: the command line before it is parsed', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['network create dev --wait', 'network create dev --wait=10'],
    ['network create --wait dev', 'network create --wait=10 dev'],
    ['network create dev --wait=30', 'network create dev --wait=30'],
    ['network create dev', 'network create dev'],
    ['help network create', 'network create --help'],
    ['help', '--help'],
    ['sandbox exec sbx-web -- timeout --wait 3', 'sandbox exec sbx-web -- timeout --wait 3'],
    ['sandbox exec sbx-web -- help', 'sandbox exec sbx-web -- help'],
  ];
  for (const [typed, parsed] of rows) {
    it(`reads \`${typed}\` as \`${parsed}\``, () => {
      expect(prepareArgv(typed.split(' '))).to.deep.equal(parsed.split(' '));
    });
  }

  it('answers in JSON when --json stands before --', () => {
    expect(wantsJson(['network', 'list', '--json'])).to.equal(true);
    expect(wantsJson(['sandbox', 'exec', 'a', '--', 'ip', '--json'])).to.equal(false);
    expect(wantsJson(['network', 'list'])).to.equal(false);
  });
});
