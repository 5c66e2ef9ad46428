import { expect } from 'chai';
import fc from 'fast-check';
import { EventParser, type ServerSentEvent } from '#apps/console/live/event-parser.js';

const parse = (chunks: readonly string[]): readonly ServerSentEvent[] => {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => [...parser.feed(chunk)]);
};

describe('the parser of server-sent events', () => {
  const rows: readonly (readonly [name: string, text: string, events: readonly ServerSentEvent[]])[] = [
    ['a message', 'event: network\nid: 7-ab\ndata: {"a":1}\n\n', [{ name: 'network', id: '7-ab', data: '{"a":1}' }]],
    ['one without a name or id', 'data: x\n\n', [{ name: 'message', id: null, data: 'x' }]],
    ['one of several lines', 'data: a\ndata: b\n\n', [{ name: 'message', id: null, data: 'a\nb' }]],
    ['lines that end as on other systems', 'event: a\r\ndata: x\r\n\r\n', [{ name: 'a', id: null, data: 'x' }]],
    ['values without a space', 'event:a\ndata:x\n\n', [{ name: 'a', id: null, data: 'x' }]],
    [
      'comments and unknown fields, which say nothing',
      ': hello\nretry: 1000\n\ndata: x\n\n',
      [{ name: 'message', id: null, data: 'x' }],
    ],
    ['nothing of a message that has not ended', 'data: x\n', []],
  ];
  for (const [name, text, events] of rows) it(`reads ${name}`, () => expect(parse([text])).to.deep.equal(events));

  it('reads the same wherever the text is cut', () => {
    const text = 'event: network\r\nid: 7-ab\r\ndata: {"a":1}\r\n\r\ndata: b\n\nevent: heartbeat\ndata: c\n\n';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const chunks = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(parse(chunks)).to.deep.equal(parse([text]));
      }),
    );
  });
});
