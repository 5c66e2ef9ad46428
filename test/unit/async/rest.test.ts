import { expect } from 'chai';
import { rest } from '#libs/async/rest.js';

const LONG_MS = 60_000;

describe('a rest', () => {
  it('lasts as long as it was asked to', async () => {
    const began = performance.now();
    await rest(30, new AbortController().signal);
    expect(performance.now() - began).to.be.at.least(29);
  });

  it('ends early, without an error, when its signal is aborted', async () => {
    const ending = new AbortController();
    const resting = rest(LONG_MS, ending.signal);
    ending.abort(new Error('enough'));
    await resting;
  });

  it('does not begin when its signal was aborted before', async () => {
    await rest(LONG_MS, AbortSignal.abort());
  });
});
