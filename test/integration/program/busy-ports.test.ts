import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { serveMetrics } from '#apps/agent/metrics/metrics-server.js';
import { requireFreePort } from '#apps/all-in-one/free-ports.js';
import { startControlPlane } from '#apps/control-plane/control-plane.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { Forwards } from '#apps/local-node/forwards.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { createListeners } from '#libs/data-plane/dns/listeners.js';
import { explainFailure } from '#libs/data-plane/proxy/blocked-address.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { examinePort } from '#libs/program/doctor-checks.js';
import { bindFault } from '#libs/program/port-owner.js';

const HOST = '127.0.0.1';

/** What each program says about a port that another program has; the owner here is this process. */
describe('a port that is in use', () => {
  let owner: Server;
  let port: number;

  before(async () => {
    owner = createServer().listen(0, HOST);
    await once(owner, 'listening');
    port = (owner.address() as AddressInfo).port;
  });
  after(() => owner.close());

  const busy = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });

  const startOn = (listen: string) =>
    startControlPlane({
      settings: readSettings({
        GLOBALSTACKS_DATABASE_URL: 'postgres://127.0.0.1:9/none',
        GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:9',
        GLOBALSTACKS_KEYS_DIR: '/nowhere',
        GLOBALSTACKS_HTTP_LISTEN: listen,
      }),
      logger: pino({ enabled: false }),
      clock: () => new Date(),
    });

  const said = (work: Promise<unknown>): Promise<string> =>
    work.then(
      (answer) => JSON.stringify(answer),
      (error: Error & { remedy?: string }) => `${error.message} ${error.remedy}`,
    );

  const programs: readonly (readonly [string, string | null, () => Promise<string>])[] = [
    ['the control plane', 'GLOBALSTACKS_HTTP_LISTEN', () => said(startOn(`${HOST}:${port}`))],
    ['the control plane, of several', 'GLOBALSTACKS_HTTP_LISTEN', () => said(startOn(`${HOST}:0,${HOST}:${port}`))],
    [
      "an agent's metrics",
      'GLOBALSTACKS_AGENT_METRICS_LISTEN',
      () => said(serveMetrics({ address: HOST, port, family: 4 }, new Registry())),
    ],
    [
      'the direct mesh',
      'GLOBALSTACKS_MESH_DIRECT_LISTEN',
      () => said(directTransport({ listen: `${HOST}:${port}` }).listen(() => {})),
    ],
    [
      'DNS',
      null,
      () =>
        said(
          createListeners(
            () => Promise.reject(busy),
            () => {},
          ).set([`${HOST}:${port}`]),
        ),
    ],
    ['a proxy', null, () => said(explainFailure({ address: HOST, port }, busy))],
    ['a forward', null, () => said(forward())],
    ['npm start', null, () => said(requireFreePort(HOST, port, 'free it'))],
    ['a doctor', null, () => said(examinePort('HTTP', HOST, port, 'free it'))],
  ];
  for (const [what, setting, ask] of programs) {
    it(`is named with its owner by ${what}`, async () => {
      const text = await ask();
      expect(text).to.include(String(port)).and.include(`(pid ${process.pid})`).and.not.include('EADDRINUSE:');
      if (setting !== null) expect(text).to.include(setting);
    });
  }

  function forward(): Promise<unknown> {
    const forwards = new Forwards('dev', () => {});
    return forwards.start({ alias: parseAliasName('api', 'alias'), port: 8080, localPort: port });
  }

  it('of UDP has an owner too', async () => {
    const socket = createSocket('udp4').bind(0, HOST);
    await once(socket, 'listening');
    expect(await bindFault(socket.address().port, busy)).to.include(`(pid ${process.pid})`);
    socket.close();
  });

  for (const [listen, reason] of [
    ['192.0.2.1:7080', /is not an address of this host/],
    ['127.0.0.1:65536', /host:port/],
  ] as const) {
    it(`differs from the address ${listen}, about which a control plane says what is wrong`, async () => {
      expect(await said((async () => startOn(listen))()))
        .to.match(reason)
        .and.include('GLOBALSTACKS_HTTP_LISTEN');
    });
  }
});
