import { expect } from 'chai';
import { AnsweringServer, problem, type Route } from '#test/integration/cli/answering-server.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const SHOW = 'network status dev';
const STATUS = 'GET /v1/networks/dev/status';

describe('cli: when the control plane refuses, is away, or is something else', function () {
  this.timeout(60_000);
  const at = stage();

  const rows: readonly { name: string; route: Route; exitCode: number; code: string; says: string; tries: string }[] = [
    {
      name: 'not found',
      route: () => problem(404, 'NETWORK_NOT_FOUND', 'there is no network dev'),
      exitCode: 6,
      code: 'NETWORK_NOT_FOUND',
      says: 'there is no network dev',
      tries: 'gstacks network list',
    },
    {
      name: 'another version',
      route: () => problem(412, 'VERSION_CONFLICT', 'dev is at version 9'),
      exitCode: 7,
      code: 'VERSION_CONFLICT',
      says: 'dev is at version 9',
      tries: 'gstacks network show dev',
    },
    {
      name: 'a token that is not accepted',
      route: () => problem(401, 'UNAUTHENTICATED', 'the token is not known'),
      exitCode: 2,
      code: 'UNAUTHENTICATED',
      says: 'the token is not known',
      tries: 'gstacks login',
    },
    {
      name: 'a conflict, with the control plane’s own remedy',
      route: () =>
        problem(409, 'ALIAS_TAKEN', 'api is taken', 'choose another, or `gstacks network alias remove dev api`'),
      exitCode: 2,
      code: 'ALIAS_TAKEN',
      says: 'api is taken',
      tries: 'choose another, or `gstacks network alias remove dev api`',
    },
    {
      name: 'an internal error',
      route: () => problem(500, 'INTERNAL', 'something broke'),
      exitCode: 1,
      code: 'INTERNAL',
      says: 'something broke',
      tries: 'gstacks network status --help',
    },
    {
      name: 'a problem without code or words',
      route: () => ({ status: 418, contentType: 'application/problem+json', json: {} }),
      exitCode: 2,
      code: 'HTTP_418',
      says: 'status 418',
      tries: 'gstacks',
    },
    {
      name: 'a web page with 200',
      route: () => ({ contentType: 'text/html', text: '<html>hello</html>' }),
      exitCode: 4,
      code: 'NOT_A_CONTROL_PLANE',
      says: 'is not a GlobalStacks control plane',
      tries: 'npm start',
    },
    {
      name: 'a web page with 502',
      route: () => ({ status: 502, contentType: 'text/html', text: '<html>bad gateway</html>' }),
      exitCode: 4,
      code: 'NOT_A_CONTROL_PLANE',
      says: 'status 502',
      tries: 'npm start',
    },
    {
      name: 'JSON cut off',
      route: () => ({ text: '{"network": "de' }),
      exitCode: 4,
      code: 'NOT_A_CONTROL_PLANE',
      says: 'not a JSON object',
      tries: 'npm start',
    },
    {
      name: 'a redirect, which no token follows',
      route: (_request, response) => {
        response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
        return undefined;
      },
      exitCode: 4,
      code: 'NOT_A_CONTROL_PLANE',
      says: 'status 302',
      tries: 'npm start',
    },
    {
      name: 'a connection cut in the middle of an answer',
      route: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"network":', () => response.destroy());
        return undefined;
      },
      exitCode: 4,
      code: 'CONNECTION_LOST',
      says: 'was lost',
      tries: 'gstacks whoami',
    },
    {
      name: 'garbage instead of HTTP',
      route: (_request, response) => {
        response.socket?.end('\u0001\u0002 nonsense\r\n\r\n');
        return undefined;
      },
      exitCode: 4,
      code: 'NOT_A_CONTROL_PLANE',
      says: 'not HTTP',
      tries: 'give the right --url',
    },
    {
      name: 'no answer in time',
      route: () => undefined,
      exitCode: 5,
      code: 'TIMED_OUT',
      says: 'did not answer within 1 s',
      tries: 'gstacks whoami',
    },
  ];

  for (const { name, route, exitCode, code, says, tries } of rows) {
    it(`${name}: ${code}, exit ${exitCode}`, async () => {
      const { server, gstacks, env } = at();
      server.on(STATUS, route);
      const command = [...words(SHOW), '--timeout', '1'];
      const [people, programs] = await Promise.all([
        gstacks.run(command, { env }),
        gstacks.run([...command, '--json'], { env }),
      ]);
      expect(people.exitCode).to.equal(exitCode);
      expect(people.stdout).to.equal('');
      expect(people.stderr).to.contain(says).and.contain(`(${code})`).and.contain(`try: `).and.contain(tries);
      expect(people.stderr.trimEnd().split('\n')).to.have.length(2);
      expect(people.stderr).to.not.match(/\bat .*\.js/);
      expect(programs.exitCode).to.equal(exitCode);
      expect(programs.stderr).to.equal('');
      const document = JSON.parse(programs.stdout);
      expect(Object.keys(document)).to.deep.equal(['error']);
      expect(Object.keys(document.error)).to.deep.equal(['code', 'message', 'remedy']);
      expect(document.error.code).to.equal(code);
      expect(document.error.message).to.contain(says);
      expect(document.error.remedy).to.contain(tries);
    });
  }

  it('nothing listens: UNREACHABLE, exit 4', async () => {
    const { gstacks } = at();
    const gone = await AnsweringServer.start();
    const { url } = gone;
    await gone.close();
    const env = { GLOBALSTACKS_URL: url, GLOBALSTACKS_TOKEN: 't' };
    const { exitCode, stderr } = await gstacks.run(words('network list'), { env });
    expect(exitCode).to.equal(4);
    expect(stderr).to.contain(url).and.contain('ECONNREFUSED').and.contain('npm start');
  });

  it('https at a port without TLS: NOT_TLS, exit 4, with the url that answers', async () => {
    const { server, gstacks } = at();
    const env = { GLOBALSTACKS_URL: server.url.replace('http:', 'https:'), GLOBALSTACKS_TOKEN: 't' };
    const { exitCode, stderr } = await gstacks.run(words('network list'), { env });
    expect(exitCode).to.equal(4);
    expect(stderr).to.contain('(NOT_TLS)').and.contain(`give --url as ${server.url}`);
  });

  const unknown = 'the database does not answer, and the change may have been made';
  for (const [what, route] of [
    ['without an answer', () => undefined],
    [
      'whose outcome the control plane does not know',
      () => problem(504, 'WRITE_OUTCOME_UNKNOWN', unknown, 'the API’s'),
    ],
  ] as const) {
    it(`a write ${what} says how to repeat it safely`, async () => {
      const { server, gstacks, env } = at();
      server.on('POST /v1/networks', route);
      const { exitCode, stderr } = await gstacks.run(words('network create dev --timeout 1'), { env });
      const key = server.requests[0]?.headers['idempotency-key'];
      expect(exitCode).to.equal(5);
      expect(stderr).to.contain('the change may have been made').and.contain(`--idempotency-key ${key}`);
    });
  }

  it('text of the control plane cannot act on the terminal', async () => {
    const { server, gstacks, env } = at();
    server.on(STATUS, problem(409, 'X', 'a\u001b[2J\u009bb\nerror: fake', 'c\u001b]0;t\u0007 gstacks x'));
    const { stderr } = await gstacks.run(words(SHOW), { env });
    expect(stderr).to.equal('error: ab error: fake (X)\n  try: c gstacks x\n');
  });
});
