import { expect } from 'chai';
import { LastWords } from '#libs/mesh/tsnet/last-words.js';

const STACK = ['', 'goroutine 1 [running]:', 'main.main()', '\t/src/main.go:12 +0x1d', 'exit status 2'];

describe('last words of mesh-node', () => {
  for (const [title, lines, wanted] of [
    ['a panic', ['panic: assignment to entry in nil map', ...STACK], 'panic: assignment to entry in nil map'],
    [
      'a panic with a value that was recovered and raised again',
      ['panic: first [recovered]', '\tpanic: second', ...STACK],
      'panic: first [recovered]',
    ],
    [
      'a panic after other lines',
      ['2026/01/01 00:00:00 a warning', 'panic: runtime error: index out of range [3] with length 3', ...STACK],
      'panic: runtime error: index out of range [3] with length 3',
    ],
    ['an error of the runtime', ['fatal error: all goroutines are asleep - deadlock!', ...STACK], /^fatal error: all/],
    ['a signal', ['SIGQUIT: quit', 'PC=0x46f2e1 m=0 sigcode=0', ...STACK, 'rax    0xca'], 'SIGQUIT: quit'],
    ['no crash', ['cannot open the file', 'giving up', ''], 'giving up'],
    ['nothing', [], ''],
    ['a line that is too long', ['x'.repeat(100_000)], /^x{512}$/],
  ] as const) {
    it(`are of ${title}`, () => {
      const words = new LastWords();
      for (const line of lines) words.add(line);
      if (typeof wanted === 'string') expect(words.text).to.equal(wanted);
      else expect(words.text).to.match(wanted);
    });
  }
});
