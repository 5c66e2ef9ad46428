import { expect } from 'chai';
import { ownHostTowards } from '#apps/agent/foundation/own-host.js';
import { directTransport } from '#libs/mesh/direct-transport.js';

describe('the address that peers are told', () => {
  for (const [url, host] of [
    ['http://127.0.0.1:7080', '127.0.0.1'],
    ['https://127.3.4.5', '127.0.0.1'],
    ['http://[::1]:7080/path', '::1'],
    ['http://nowhere.invalid:7080', null],
  ] as const) {
    it(`is ${host} towards a control plane at ${url}`, async () => {
      expect(await ownHostTowards(new URL(url))).to.equal(host);
    });
  }

  for (const [listen, advertise, ownHost, told] of [
    ['0.0.0.0:0', null, '127.0.0.9', /^127\.0\.0\.9:[1-9]\d*$/],
    ['[::]:0', null, '127.0.0.9', /^127\.0\.0\.9:[1-9]\d*$/],
    ['127.0.0.1:0', null, '127.0.0.9', /^127\.0\.0\.1:[1-9]\d*$/],
    ['0.0.0.0:0', '10.0.0.2:7946', '127.0.0.9', /^10\.0\.0\.2:7946$/],
    ['0.0.0.0:0', null, null, /^0\.0\.0\.0:/],
  ] as const) {
    it(`is ${told.source} with ${listen}, ${advertise ?? 'nothing'} advertised and the host at ${ownHost}`, async () => {
      const transport = directTransport({ listen, advertise, ownHost });
      await transport.listen(() => {});
      const [endpoint] = transport.status().endpoints;
      await transport.close();
      expect(endpoint).to.match(told);
    });
  }
});
