import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ByteWindow } from '#libs/async/byte-window.js';

const NEVER = new AbortController().signal;

describe('a window of bytes', () => {
  let window: ByteWindow;
  let began: string[];
  let ends: Map<string, PromiseWithResolvers<void>>;

  beforeEach(() => {
    window = new ByteWindow(10);
    began = [];
    ends = new Map();
  });

  function pass(name: string, bytes: number, signal = NEVER): Promise<void> {
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    return window.pass(bytes, signal, () => {
      began.push(name);
      return end.promise;
    });
  }

  const end = async (name: string, passing: Promise<void>): Promise<void> => {
    ends.get(name)?.resolve();
    await passing;
    await setImmediate();
  };

  it('lets as many bytes in as it is wide, and the next when one is done', async () => {
    const first = pass('first', 6);
    const second = pass('second', 4);
    const third = pass('third', 1);
    expect(began).to.deep.equal(['first', 'second']);
    await end('second', second);
    expect(began).to.deep.equal(['first', 'second', 'third']);
    await Promise.all([end('first', first), end('third', third)]);
  });

  it('lets nobody past who came earlier, however small', async () => {
    const first = pass('first', 6);
    const large = pass('large', 8);
    const small = pass('small', 1);
    await end('first', first);
    expect(began).to.deep.equal(['first', 'large', 'small']);
    await Promise.all([end('large', large), end('small', small)]);
  });

  it('lets something larger than itself in alone', async () => {
    const small = pass('small', 1);
    const huge = pass('huge', 100);
    expect(began).to.deep.equal(['small']);
    await end('small', small);
    expect(began).to.deep.equal(['small', 'huge']);
    await end('huge', huge);
  });

  it('makes room when work fails, and when somebody who waits gives up', async () => {
    const first = pass('first', 10);
    const giving = new AbortController();
    const gone = pass('gone', 10, giving.signal);
    const last = pass('last', 10);
    giving.abort(new Error('no more'));
    expect(await gone.catch(String)).to.equal('Error: no more');
    ends.get('first')?.reject(new Error('failed'));
    expect(await first.catch(String)).to.equal('Error: failed');
    await setImmediate();
    expect(began).to.deep.equal(['first', 'last']);
    await end('last', last);
  });
});
