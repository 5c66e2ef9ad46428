import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

const PAGE = '<!doctype html><title>console</title>';
const html = { accept: 'text/html,application/xhtml+xml' };

describe('the files of the console', () => {
  let controlPlane: TestControlPlane;
  let folder: string;
  let built: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gs-console-'));
    built = join(folder, 'console');
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_CONSOLE_DIR: built });
  });

  after(async () => {
    await controlPlane.end();
    await rm(folder, { recursive: true });
  });

  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    callApi(controlPlane.url, method, path, undefined, headers);

  /** The path unchanged: fetch normalises paths, and requests no cached answer whatever the headers say. */
  const raw = (path: string, headers: Record<string, string> = {}) => {
    const { hostname, port } = new URL(controlPlane.url);
    return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      get({ hostname, port, path, headers }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, text: body }), reject);
      }).once('error', reject);
    });
  };

  it('are missed in plain words before they are built, and served as soon as they are', async () => {
    const missing = await ask('/', html);
    expect([missing.status, missing.headers.get('content-type')]).to.deep.equal([404, 'text/html; charset=utf-8']);
    expect(missing.text).to.include('npm start');
    await mkdir(join(built, 'assets'), { recursive: true });
    await writeFile(join(built, 'index.html'), PAGE);
    await writeFile(join(built, 'icon.svg'), '<svg/>');
    await writeFile(join(built, 'assets', 'app-4f9c21ab.js'), 'export {};');
    await writeFile(join(folder, 'secret'), 'secret');
    for (const headers of [html, {}]) expect((await ask('/', headers)).text).to.equal(PAGE);
  });

  it('are one page at every address of its own', async () => {
    for (const path of [
      '/networks',
      '/networks/dev/policy?add=deny',
      '/sandboxes/sbx.v1',
      '/sign-in',
      '/v2',
      '/%E4%BD%A0',
    ]) {
      const answer = await ask(path, html);
      expect([answer.status, answer.text], path).to.deep.equal([200, PAGE]);
      expect(answer.headers.get('content-type'), path).to.match(/^text\/html/);
    }
  });

  it('never stand in for an answer of the API', async () => {
    for (const path of ['/v1', '/v1/none', '/v1/networks/none', '/assets/none-1a.js', '/metrics/none', '/none.js']) {
      const answer = await ask(path, path === '/none.js' ? {} : html);
      expect(answer.headers.get('content-type'), path).to.match(/^application\/problem\+json/);
      expect(answer.status, path).to.be.oneOf([401, 404]);
    }
    expect((await ask('/readyz', html)).body).to.include({ status: 'ok' });
    expect((await ask('/networks', html, 'POST')).status).to.equal(404);
  });

  it('are kept for good by their hash, and else asked for again', async () => {
    const asset = await ask('/assets/app-4f9c21ab.js');
    expect(asset.headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).to.match(/javascript/);
    for (const path of ['/', '/networks', '/icon.svg']) {
      const answer = await ask(path, path === '/icon.svg' ? {} : html);
      expect(answer.headers.get('cache-control'), path).to.equal('no-cache');
      const etag = answer.headers.get('etag') ?? '';
      expect(etag, path).to.not.equal('');
      expect((await raw(path, { ...html, 'if-none-match': etag })).status, path).to.equal(304);
    }
    expect((await ask('/', html, 'HEAD')).status).to.equal(200);
  });

  it('run no script that is not a file of theirs, and stand in no frame', async () => {
    for (const path of ['/', '/v1/session', '/assets/app-4f9c21ab.js']) {
      const { headers } = await ask(path, html);
      const policy = new Map(
        (headers.get('content-security-policy') ?? '').split(';').map((part) => {
          const [name = '', ...sources] = part.trim().split(' ');
          return [name, sources.join(' ')];
        }),
      );
      expect(policy.get('script-src'), path).to.equal("'self'");
      expect(policy.get('default-src'), path).to.equal("'none'");
      expect(policy.get('frame-ancestors'), path).to.equal("'none'");
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff');
      expect(headers.get('referrer-policy'), path).to.equal('same-origin');
      expect(headers.get('strict-transport-security'), path).to.equal(null);
    }
  });

  it('are those of the folder, and of no other place', async () => {
    const paths = ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/assets/../../secret', '/assets/..%2f..%2fsecret'];
    for (const path of [...paths, '/%00', '/%', '//secret', '/assets/%2e%2e%5c..%5csecret']) {
      expect((await raw(path)).text, path).to.not.equal('secret');
    }
  });
});
