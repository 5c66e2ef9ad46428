import { expect } from 'chai';
import { EventStream, type OpenedStream } from '#apps/console/live/event-stream.js';
import type { StreamMessage } from '#apps/console/live/messages.js';
import { waitFor } from '#test/support/wait.js';

const HELLO = { position: 20, epoch: { counter: 1, id: 'a' }, at: '2026-01-01T00:00:00Z', heartbeatSeconds: 5 };
const event = (name: string, data: unknown, id = ''): string =>
  `event: ${name}\n${id === '' ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** A control plane that answers each connection with the next of these; a text is sent before the connection is cut. */
function streamTo(answers: readonly (string | number)[]) {
  const told: StreamMessage[] = [];
  const asked: (string | null)[] = [];
  const stream = new EventStream({
    open: async (lastEventId): Promise<OpenedStream> => {
      const answer = answers[asked.length];
      asked.push(lastEventId);
      if (answer === undefined) throw new Error('away');
      return {
        status: typeof answer === 'number' ? answer : 200,
        chunks: (async function* () {
          if (typeof answer === 'string') yield answer;
        })(),
      };
    },
    now: () => 1_000,
    tell: (message) => told.push(message),
  });
  return { stream, told, asked };
}

describe('the one stream of the console', () => {
  it('goes on after the last event that it heard, and says how many changes it has to catch up', async () => {
    const { stream, told, asked } = streamTo([
      event('hello', { ...HELLO, resumed: false }, '20-aa') +
        event('network', { network: 'dev' }, '21-bb') +
        event('heartbeat', {}),
      event('hello', { ...HELLO, position: 25, resumed: true }),
    ]);
    stream.connect();
    await waitFor('it has connected twice', () => told.filter(({ kind }) => kind === 'live').length === 2);
    stream.close();
    expect(asked.slice(0, 2)).to.deep.equal([null, '21-bb']);
    expect(told.map(({ kind }) => kind).slice(0, 5)).to.deep.equal(['live', 'event', 'event', 'not-live', 'live']);
    expect(told.flatMap((message) => (message.kind === 'live' ? [message.changesWhileAway] : []))).to.deep.equal([
      null,
      4,
    ]);
    expect(told.flatMap((message) => (message.kind === 'event' ? [message.position] : []))).to.deep.equal([21, null]);
  });

  it('says that nobody is signed in, and does not try again', async () => {
    const { stream, told, asked } = streamTo([401]);
    stream.connect();
    await waitFor('it is refused', () => told.length > 0);
    expect(told).to.deep.equal([{ kind: 'signed-out' }]);
    expect(asked).to.have.length(1);
  });

  for (const [name, answer] of [
    ['is refused for the moment', 503],
    ['sends what cannot be read', 'data: {\n\n'],
  ] as const) {
    it(`is not live while the control plane ${name}`, async () => {
      const { stream, told } = streamTo([answer]);
      stream.connect();
      await waitFor('it has failed', () => told.length > 0);
      stream.close();
      expect(told).to.deep.equal([{ kind: 'not-live', since: null, nextTryAt: 1_500 }]);
    });
  }
});
