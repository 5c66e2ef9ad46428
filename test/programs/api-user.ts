import { readFileSync } from 'node:fs';
import { Pace } from '#test/support/pace.js';
import { inSpells } from './spells.js';

/**
 * A user of the HTTP API: api-user.js FILE, which contains `url` and `token`. It lists the networks this many times a
 * second, however long that takes, and reports how long each list took, in milliseconds.
 */
const { url, token }: ApiUserSettings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const EVERY_MS = 10;
const AT_ONCE = 3;

export interface ApiUserSettings {
  readonly url: string;
  readonly token: string;
}

let took: number[] = [];
const requests = new Pace(
  EVERY_MS,
  AT_ONCE,
  async (signal) => {
    const headers = { authorization: `Bearer ${token}` };
    await (await fetch(`${url}/v1/networks`, { headers, signal })).text();
  },
  (ms) => took.push(ms),
);

inSpells({
  go: () => {
    took = [];
    requests.go();
  },
  halt: async () => {
    await requests.halt();
    return { api: took };
  },
});
