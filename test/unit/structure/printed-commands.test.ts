import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FIRST_WORDS } from '#apps/console/vocabulary/commands-in-text.js';
import { CLONE } from '#test/support/clone.js';
import { faultOf } from '#test/support/command-grammar.js';
import { printedCommands, printedTextsOf } from '#test/support/printed-commands.js';

describe('commands in the texts that programs print', () => {
  it('are all known to the manifest, with their arguments and flags', () => {
    const commands = printedCommands();
    const faults = commands.flatMap(({ place, typed }) => {
      const fault = faultOf(typed);
      return fault === null ? [] : [`${place}: ${typed}: ${fault}`];
    });
    expect(faults).to.deep.equal([]);
    expect(commands).to.have.length.greaterThan(200);
  });

  it('begin with a word that commands begin with, so that none is overlooked', () => {
    // "the same gstacks command again", "the same release of gstacks as the background node"
    const PROSE = /^(command again|works|as the|in this)/;
    const unknown = printedTextsOf().flatMap(({ place, text }) =>
      [...text.matchAll(/(?<![\w./-])gstacks ([a-z]+ ?[a-z]*)/g)].flatMap(([, words = '']) =>
        PROSE.test(words) || FIRST_WORDS.includes(words.split(' ')[0] ?? '') ? [] : [`${place}: ${words}`],
      ),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('of npm are scripts of this package', () => {
    const { scripts } = JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8')) as { scripts: object };
    const named = printedTextsOf().flatMap(({ place, text }) =>
      [...text.matchAll(/\bnpm (?:run )?([a-z-]+)/g)].map(([, script = '']) => ({ place, script })),
    );
    expect(named).to.have.length.greaterThan(5);
    const unknown = named.filter(({ script }) => script !== 'install' && !(script in scripts));
    expect(unknown).to.deep.equal([]);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['gstacks audit rewrite', 'there is no such command'],
    ['gstacks network rename dev prod', 'there is no such command'],
    ['gstacks network alias list', 'an argument is missing'],
    ['gstacks network status', 'an argument is missing'],
    ['gstacks network status dev 30', 'an argument too many'],
    ['gstacks network policy allow dev --from local --to api', '--port is missing'],
    ['gstacks network policy allow dev --from local --to api --port', '--port has no value'],
    ['gstacks network delete dev --everything', 'there is no flag --everything'],
    ['gstacks sandbox exec sbx-api', 'a command after -- is missing'],
    ['gstacks login', '--url is missing'],
    ['gstacks network show <nobody-knows>', 'no sample is known for <nobody-knows>'],
    ['gstacks network show {theNetwork}', 'no sample is known for {theNetwork}'],
  ];
  for (const [typed, fault] of wrong) {
    it(`would be seen in \`${typed}\`: ${fault}`, () => expect(faultOf(typed)).to.equal(fault));
  }
});
