import { AnsweringServer } from '#test/integration/cli/answering-server.js';
import { Gstacks } from '#test/integration/cli/gstacks.js';

export interface Stage {
  readonly server: AnsweringServer;
  readonly gstacks: Gstacks;
  /** The environment with which a command reaches the server. */
  readonly env: Readonly<Record<string, string>>;
}

/** A server and a folder for gstacks, created before the tests of a suite and removed after them. */
export function stage(): () => Stage {
  let current: Stage | null = null;
  before(async () => {
    const server = await AnsweringServer.start();
    const gstacks = await Gstacks.create();
    current = { server, gstacks, env: { GLOBALSTACKS_URL: server.url, GLOBALSTACKS_TOKEN: 'secret-token' } };
  });
  beforeEach(() => current?.server.forget());
  after(async () => {
    await current?.server.close();
    await current?.gstacks.remove();
  });
  return () => {
    if (current === null) throw new Error('the stage is set up by a before hook');
    return current;
  };
}
