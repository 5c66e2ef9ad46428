import { expect } from 'chai';
import { parseSettings } from '#apps/all-in-one/settings.js';
import { CodedError } from '#libs/contracts/errors.js';

const CLONE = '/clone';

describe('settings of npm start', () => {
  const rows: readonly (readonly [string, readonly string[], Record<string, string>, object | string])[] = [
    ['nothing given', [], {}, { home: '/clone/.gstacks', port: 7_080, sandboxes: 'static' }],
    ['a home of the environment', [], { GLOBALSTACKS_HOME: '/h' }, { home: '/h', port: 7_080, sandboxes: 'static' }],
    [
      'an argument before the environment',
      ['--home', '/a'],
      { GLOBALSTACKS_HOME: '/h' },
      { home: '/a', port: 7_080, sandboxes: 'static' },
    ],
    [
      'a home beside where the person stands',
      ['--home', 'x'],
      { INIT_CWD: '/there' },
      { home: '/there/x', port: 7_080, sandboxes: 'static' },
    ],
    [
      'a port and namespaces',
      ['--port=8000', '--sandboxes=netns'],
      {},
      { home: '/clone/.gstacks', port: 8_000, sandboxes: 'netns' },
    ],
    ['help', ['-h'], {}, 'help'],
  ];
  for (const [title, args, environment, expected] of rows) {
    it(`${title}: ${args.join(' ')}`, () => {
      expect(parseSettings(args, environment, CLONE)).to.deep.include(expected);
    });
  }

  for (const args of [
    ['--sandboxes', 'docker'],
    ['--port', '0'],
    ['--port', '70000'],
    ['--port', 'x'],
    ['--what'],
    ['extra'],
    ['--home', ''],
  ]) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseSettings(args, {}, CLONE)).to.throw(CodedError);
    });
  }
});
