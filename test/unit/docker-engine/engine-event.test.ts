import { expect } from 'chai';
import { type EngineEvent, readEvents } from '#libs/docker-engine/engine-event.js';

async function events(...chunks: readonly string[]): Promise<readonly EngineEvent[]> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const read: EngineEvent[] = [];
  for await (const event of readEvents(bytes())) read.push(event);
  return read;
}

const START = '{"Type":"container","Action":"start","Actor":{"ID":"c1","Attributes":{"name":"web"}},"time":1}\n';
const PARSED: EngineEvent = { type: 'container', action: 'start', id: 'c1', attributes: { name: 'web' } };

describe('events of the Engine', () => {
  it('are read a line at a time, wherever the stream is cut', async () => {
    expect(await events(START + START)).to.deep.equal([PARSED, PARSED]);
    expect(await events(START.slice(0, 30), START.slice(30))).to.deep.equal([PARSED]);
  });

  for (const odd of ['not json\n', '{}\n', '[]\n', 'null\n', '{"Type":"container","Action":"start"}\n', '\n']) {
    it(`go on after a line that is none: ${JSON.stringify(odd)}`, async () => {
      expect(await events(odd + START)).to.deep.equal([PARSED]);
    });
  }

  it('have no attributes where the Engine sends none', async () => {
    const line = '{"Type":"network","Action":"destroy","Actor":{"ID":"n1","Attributes":null}}\n';
    expect(await events(line)).to.deep.equal([{ type: 'network', action: 'destroy', id: 'n1', attributes: {} }]);
  });
});
