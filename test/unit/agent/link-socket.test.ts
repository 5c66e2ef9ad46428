import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LinkSocketInUseError, serveLinkApi } from '#apps/agent/sandboxes/link/link-api.js';
import { NotASocketError } from '#libs/program/owned-socket.js';

const ports = { links: () => [], put: async () => {}, remove: async () => false };

describe('the socket of the local API', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-link-'));
    path = join(folder, 'links.sock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const links = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: path, path: '/v1/links', agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once('error', reject).end();
    });

  it('stays with the agent that has it when another is given the same path, and is free after its end', async () => {
    const first = await serveLinkApi(path, ports);
    const refusal = await serveLinkApi(path, ports).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(LinkSocketInUseError).and.have.property('code', 'LINK_SOCKET_IN_USE');
    expect(await links()).to.equal(200);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    first.close();
    const second = await serveLinkApi(path, ports);
    expect(await links()).to.equal(200);
    second.close();
  });

  it('replaces no file that is not a socket', async () => {
    writeFileSync(path, 'precious');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refusal = await serveLinkApi(path, ports).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(NotASocketError);
    }
    expect(readFileSync(path, 'utf8')).to.equal('precious');
  });
});
