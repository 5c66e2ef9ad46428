import { expect } from 'chai';
import { EventTooLongError, ServerSentEvents } from '#libs/contracts/server-sent-events.js';

const TEXT = [
  'retry: 1000\n\n',
  'event: hello\nid: 1-ab\ndata: {"a":1}\n\n',
  ': a comment\n\n',
  'data: plain\n\n',
  'event: two\r\ndata: one\r\ndata:two\r\n\r\n',
  'event: named only\n\n',
].join('');
const EVENTS = [
  { name: 'hello', id: '1-ab', data: '{"a":1}' },
  { name: 'message', id: null, data: 'plain' },
  { name: 'two', id: null, data: 'one\ntwo' },
];

describe('server-sent events', () => {
  it('are read whole, wherever the text is cut', () => {
    for (let size = 1; size <= TEXT.length; size += 1) {
      const events = new ServerSentEvents();
      const pieces = Array.from({ length: Math.ceil(TEXT.length / size) }, (_, index) =>
        TEXT.slice(index * size, (index + 1) * size),
      );
      expect(
        pieces.flatMap((piece) => events.push(piece)),
        `pieces of ${size}`,
      ).to.deep.equal(EVENTS);
    }
  });

  it('are no longer than any of ours', () => {
    const events = new ServerSentEvents();
    const piece = 'x'.repeat(1_024 * 1_024);
    expect(() => {
      for (let count = 0; count < 5; count += 1) events.push(piece);
    }).to.throw(EventTooLongError);
  });
});
