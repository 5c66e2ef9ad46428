import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { parseAliasName } from '#libs/contracts/ids.js';
import type { ProxyListeners, Route } from '#libs/data-plane/data-plane.js';
import { createProxyListeners } from '#libs/data-plane/proxy/listeners.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { freePort } from '#test/support/ports.js';

describe('proxy listeners', () => {
  let listeners: ProxyListeners;
  let accepted: { readonly socket: Socket; readonly route: Route }[];
  let port: number;

  const route = (alias: string, address: string, at = port): Route => ({
    networkId: TEST_NETWORK,
    alias: parseAliasName(alias, 'alias'),
    address,
    port: at,
  });

  beforeEach(async () => {
    accepted = [];
    port = await freePort();
    listeners = createProxyListeners(
      (socket, at) => accepted.push({ socket, route: at }),
      (at, error) => {
        throw new Error(at.address, { cause: error });
      },
    );
  });

  afterEach(async () => {
    for (const { socket } of accepted) socket.destroy();
    await listeners.close();
  });

  async function answers({ address, port: at }: Route): Promise<boolean> {
    const socket = connect({ host: address, port: at });
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  it('let two aliases have the same port, each at its address, and say which was dialled', async () => {
    const [api, web] = [route('api', '127.88.2.1'), route('web', '127.88.2.2')];
    expect(await listeners.open([api, web])).to.deep.equal([]);
    expect(await answers(web)).to.equal(true);
    expect(await answers(api)).to.equal(true);
    expect(accepted.map(({ route: at }) => at)).to.deep.equal([web, api]);
    expect(accepted.every(({ socket }) => socket.isPaused())).to.equal(true);
  });

  it('stay when opened again, and close when shut', async () => {
    const [api, web] = [route('api', '127.88.2.1'), route('web', '127.88.2.2')];
    await listeners.open([api, web]);
    expect(await listeners.open([api])).to.deep.equal([]);
    await listeners.shut([{ ...web }, route('other', api.address)]);
    expect(listeners.routes()).to.deep.equal([api]);
    expect([await answers(api), await answers(web)]).to.deep.equal([true, false]);
  });

  it('leave a connection open that they accepted', async () => {
    const api = route('api', '127.88.2.1');
    await listeners.open([api]);
    const client = connect({ host: api.address, port: api.port });
    await once(client, 'connect');
    await listeners.shut([api]);
    accepted[0]?.socket.write('still here');
    expect(String((await once(client, 'data'))[0])).to.equal('still here');
    client.destroy();
  });

  it('end as the last of overlapping calls asked', async () => {
    const [api, web] = [route('api', '127.88.2.1'), route('web', '127.88.2.2')];
    const calls = [listeners.open([api]), listeners.open([api, web]), listeners.shut([api]), listeners.open([web])];
    expect(await Promise.all(calls)).to.deep.equal([[], [], undefined, []]);
    expect(listeners.routes()).to.deep.equal([web]);
    expect([await answers(api), await answers(web)]).to.deep.equal([false, true]);
  });

  it('name the address that another process has, and open the others', async () => {
    const holder = createServer().listen(port, '127.88.2.1');
    await once(holder, 'listening');
    const [api, web] = [route('api', '127.88.2.1'), route('web', '127.88.2.2')];
    const failures = await listeners.open([api, web]);
    expect(failures).to.have.length(1);
    expect(failures[0]).to.deep.include({ route: api, code: 'PROXY_ADDRESS_IN_USE' });
    expect(failures[0]?.message).to.include(`127.88.2.1:${port}`).and.not.include('every address');
    expect(listeners.routes()).to.deep.equal([web]);
    holder.close();
    await once(holder, 'close');
    expect(await listeners.open([api, web])).to.deep.equal([]);
  });

  it('say so when a process that binds every address is in the way', async () => {
    const holder = createServer().listen(port, '0.0.0.0');
    await once(holder, 'listening');
    const [failure] = await listeners.open([route('api', '127.88.2.1')]);
    expect(failure?.code).to.equal('PROXY_ADDRESS_IN_USE');
    expect(failure?.message).to.include('0.0.0.0').and.include(`127.88.2.1:${port}`);
    holder.close();
    await once(holder, 'close');
  });

  it('say so when the host does not have the address', async () => {
    const [failure] = await listeners.open([route('api', '192.0.2.1')]);
    expect(failure?.code).to.equal('PROXY_ADDRESS_NOT_AVAILABLE');
    expect(failure?.message).to.include(`192.0.2.1:${port}`).and.include('GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
  });

  it('name the alias that has the one address and port', async () => {
    await listeners.open([route('api', '127.88.2.1')]);
    const [failure] = await listeners.open([route('web', '127.88.2.1')]);
    expect(failure?.code).to.equal('PROXY_ADDRESS_SHARED');
    expect(failure?.message).to.include('alias api').and.include('distinct port');
  });

  it('open nothing once closed', async () => {
    await listeners.close();
    const [failure] = await listeners.open([route('api', '127.88.2.1')]);
    expect(failure?.code).to.equal('PROXY_CLOSED');
  });
});
