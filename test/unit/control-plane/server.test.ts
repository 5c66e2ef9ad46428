import { expect } from 'chai';
import { httpAdapter } from '#apps/control-plane/api/server.js';

/** Whom the server regards as the client. */
async function askerOf(trusted: readonly string[], remoteAddress: string, forwardedFor?: string): Promise<string> {
  const server = httpAdapter(trusted).getInstance();
  server.get('/', async ({ ip }) => ip);
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const { body } = await server.inject({ url: '/', remoteAddress, headers });
  await server.close();
  return body;
}

describe('who asks, behind reverse proxies', () => {
  const rows: readonly (readonly [
    trusted: readonly string[],
    from: string,
    forwarded: string | undefined,
    is: string,
  ])[] = [
    [[], '10.0.0.7', '203.0.113.5', '10.0.0.7'],
    [['10.0.0.7'], '10.0.0.7', '203.0.113.5', '203.0.113.5'],
    [['10.0.0.7'], '10.0.0.7', undefined, '10.0.0.7'],
    [['10.0.0.7'], '10.0.0.8', '203.0.113.5', '10.0.0.8'],
    // Entries that the client wrote itself come before the proxy's.
    [['10.0.0.0/24'], '10.0.0.7', '198.51.100.1, 203.0.113.5', '203.0.113.5'],
    [['10.0.0.0/24'], '10.0.0.7', '203.0.113.5, 10.0.0.9', '203.0.113.5'],
    [['fd00::/8'], 'fd00::1', '2001:db8::5', '2001:db8::5'],
  ];
  for (const [trusted, from, forwarded, is] of rows) {
    it(`${from}, for ${forwarded ?? 'nobody'}, is ${is} where ${trusted.join() || 'nobody'} is trusted`, async () => {
      expect(await askerOf(trusted, from, forwarded)).to.equal(is);
    });
  }
});
