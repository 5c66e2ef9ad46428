import { expect } from 'chai';
import { freePortOn } from '#apps/all-in-one/free-ports.js';

const HOST = '127.0.0.1';

describe('a free port', () => {
  it('is none that another part of the stack will bind', async () => {
    const port = await freePortOn(HOST);
    const reserved = [port + 1, port + 2, port + 3];
    expect(await freePortOn(HOST, reserved, { least: port, most: port + 3 })).to.equal(port);
  });
});
