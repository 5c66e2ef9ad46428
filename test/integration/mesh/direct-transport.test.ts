import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { waitFor } from '#test/support/wait.js';
import { failure } from './conformance/observe.js';

const never = () => new AbortController().signal;

describe('transport direct', () => {
  for (const endpoint of [
    '',
    'host',
    'host:',
    ':80',
    'host:0',
    'host:65536',
    'host:08',
    'a b:80',
    '::1:80',
    '[::1]',
    'http://host:80',
  ]) {
    it(`dials no ${JSON.stringify(endpoint)}`, async () => {
      const transport = directTransport({ listen: '127.0.0.1:0' });
      expect(await failure(transport.dial(endpoint, never()))).to.equal('PEER_UNREACHABLE');
    });
  }

  it('takes no settings that are not addresses', () => {
    expect(() => directTransport({ listen: 'nowhere' })).to.throw(InvalidInputError);
    expect(() => directTransport({ listen: '127.0.0.1:0', advertise: 'host-a:0' })).to.throw(InvalidInputError);
  });

  for (const host of ['127.0.0.1', '[::1]']) {
    it(`tells where it listens on ${host}, and is reached there until it closes`, async () => {
      const listener = directTransport({ listen: `${host}:0` });
      let accepted = 0;
      await listener.listen((connection) => {
        accepted += 1;
        connection.on('error', () => undefined);
      });
      const [endpoint = ''] = listener.status().endpoints;
      expect(endpoint.startsWith(`${host}:`)).to.equal(true);
      const dialler = directTransport({ listen: '127.0.0.1:0' });
      const connection = await dialler.dial(endpoint, never());
      let closed = false;
      connection
        .on('error', () => undefined)
        .on('close', () => {
          closed = true;
        });
      connection.resume();
      await waitFor('it is accepted', () => accepted === 1);
      await listener.close();
      await waitFor('closing the listener closes what it took', () => closed);
      expect(await failure(dialler.dial(endpoint, never()))).to.equal('PEER_UNREACHABLE');
      await dialler.close();
    });
  }

  it('tells the address it is given to tell', async () => {
    const transport = directTransport({ listen: '127.0.0.1:0', advertise: 'host-a.example:7443' });
    await transport.listen(() => undefined);
    expect(transport.status().endpoints).to.deep.equal(['host-a.example:7443']);
    await transport.close();
  });

  it('names the port that is taken', async () => {
    const first = directTransport({ listen: '127.0.0.1:0' });
    await first.listen(() => undefined);
    const [endpoint = ''] = first.status().endpoints;
    const second = directTransport({ listen: endpoint });
    expect(await failure(second.listen(() => undefined))).to.equal('MESH_LISTEN_FAILED');
    await second.close();
    await first.close();
  });

  it('gives up a dial when it is told to', async () => {
    const transport = directTransport({ listen: '127.0.0.1:0' });
    const giveUp = new AbortController();
    // TEST-NET-1 (RFC 5737) never answers.
    const dialled = failure(transport.dial('192.0.2.1:80', giveUp.signal));
    giveUp.abort(new Error('enough'));
    expect(await dialled).to.equal('PEER_UNREACHABLE');
    expect(await failure(transport.dial('127.0.0.1:80', giveUp.signal))).to.equal('PEER_UNREACHABLE');
    await transport.close();
  });
});
