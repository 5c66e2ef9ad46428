import { expect } from 'chai';
import {
  type ControlPlaneRequest,
  ControlPlaneUnreachableError,
  postToControlPlane,
} from '#libs/member/control-plane-http.js';
import { freePort } from '#test/support/ports.js';
import { type Answer, AnsweringServer, type Route } from '../cli/answering-server.js';

const PATH = 'v1/agent-credentials';
const ROUTE = `POST /${PATH}`;
const request: ControlPlaneRequest = { path: PATH, body: { name: 'host-a' } };

describe('a request of a member to the control plane', () => {
  let server: AnsweringServer;

  before(async () => {
    server = await AnsweringServer.start();
  });
  beforeEach(() => server.forget());
  after(() => server.close());

  const post = (url = server.url, signal?: AbortSignal) =>
    postToControlPlane(
      { url: new URL(url), unreachable: { code: 'UNREACHABLE', remedy: 'check it' } },
      request,
      signal,
    );
  const failure = (posted: Promise<unknown>) =>
    posted.then(
      () => null,
      (error: Error) => error,
    );

  it('sends JSON, and resolves with the object that is answered', async () => {
    server.on(ROUTE, { json: { agentId: 'host-a' } });
    expect(await post(`${server.url}/`)).to.deep.equal({ agentId: 'host-a' });
    const [sent] = server.requests;
    expect(sent?.body).to.deep.equal(request.body);
    expect(sent?.headers).to.include({ accept: 'application/json', 'content-type': 'application/json' });
  });

  const cut: Route = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setImmediate(() => response.destroy());
    return undefined;
  };
  const redirect: Route = (_, response) => {
    response.writeHead(307, { location: '/elsewhere' }).end('{}');
    return undefined;
  };
  const unusable: readonly (readonly [what: string, answer: Answer | Route, why: RegExp])[] = [
    ['a page', { text: '<html>', contentType: 'text/html' }, /not valid JSON/],
    ['nothing', { text: '' }, /JSON/],
    ['a redirect', redirect, /redirects/],
    ['half an answer', cut, /aborted|hang up/],
  ];
  for (const [what, answer, why] of unusable) {
    it(`is tried again after ${what}`, async () => {
      server.on(ROUTE, answer).on('POST /elsewhere', { json: {} });
      const error = await failure(post());
      expect(error).to.be.instanceOf(ControlPlaneUnreachableError).and.include({ code: 'UNREACHABLE' });
      expect(error?.message).to.match(why).and.include(`the control plane at ${server.url} gave no usable answer`);
      expect(server.requests.map(({ path }) => path)).to.deep.equal([`/${PATH}`]);
    });
  }

  it('is tried again where nothing listens, also on no address of a name', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failure(post(`http://${host}:${await freePort()}`));
      expect(error).to.be.instanceOf(ControlPlaneUnreachableError);
      expect(error?.message).to.match(/gave no usable answer: .*ECONNREFUSED/);
    }
  });

  it('ends with the reason of the signal', async () => {
    const ending = new AbortController();
    server.on(ROUTE, () => {
      ending.abort(new Error('asked to stop'));
      return undefined;
    });
    expect((await failure(post(server.url, ending.signal)))?.message).to.equal('asked to stop');
  });
});
