import { createInbox, type NatsConnection, NatsError } from 'nats';
import { setDeadline } from '#libs/async/deadline.js';
import { integerBetween, listOf, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { BusServersSilentError } from './errors.js';

/** What credentials contain: whom they were issued to, the public key they are for, and the key that signed them. */
export interface CredentialHolder {
  readonly name: string;
  readonly nkey: string;
  readonly issuer: string;
}

/** One connection at one server of the bus. */
export interface OpenConnection {
  readonly serverId: string;
  readonly connectionId: number;
}

interface Pages {
  readonly size: number;
  readonly overlap: number;
}

type Asking = Pick<NatsConnection, 'request' | 'subscribe' | 'publish'>;

/** Subjects for asking servers about connections and for closing them. */
export const CONNECTION_SUBJECTS = [
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.SERVER.*.CONNZ',
  '$SYS.REQ.SERVER.*.KICK',
] as const;

const ANSWER_WITHIN_MS = 2_000;
/**
 * Connections requested at a time. Each page repeats the end of the one before (`overlap`), which shows that none was
 * missed: connections that end meanwhile move later ones forward.
 */
const PAGES: Pages = { size: 256, overlap: 32 };
const LONGEST_JWT = 65_536;
const MOST_SERVERS = 1_024;

/**
 * The holder's open connections at every server of the bus. They are found by the credentials that they showed, not by
 * the user name, which a client can choose. Error: BusServersSilentError.
 */
export async function openConnectionsOf(
  connection: Asking,
  accountId: string,
  holder: CredentialHolder,
  pages = PAGES,
): Promise<readonly OpenConnection[]> {
  const found: OpenConnection[] = [];
  for (const serverId of await serverIds(connection)) {
    for (const { cid, jwt } of await connectionsAt(connection, serverId, accountId, pages)) {
      if (isOf(holder, jwt)) found.push({ serverId, connectionId: cid });
    }
  }
  return found;
}

/** Closes a connection, if it is still open. Error: BusServersSilentError. */
export async function closeConnection(connection: Asking, { serverId, connectionId }: OpenConnection): Promise<void> {
  await ask(connection, serverId, 'KICK', { cid: connectionId });
}

/** Every server answers a ping with the number of servers; the result counts only if that many answered. */
async function serverIds(connection: Asking): Promise<readonly string[]> {
  const inbox = createInbox();
  const ids = new Set<string>();
  let expected = 1;
  const { promise, resolve } = Promise.withResolvers<void>();
  const subscription = connection.subscribe(inbox, {
    max: MOST_SERVERS,
    callback: (error, message) => {
      if (error !== null) return resolve();
      const answer = parseObject(message.json(), 'answer');
      const { active_servers: active } = parseObject(answer.statsz, 'statsz');
      if (typeof active === 'number') expected = Math.max(expected, active);
      ids.add(textUpTo(256)(parseObject(answer.server, 'server').id, 'server.id'));
      if (ids.size >= expected) resolve();
    },
  });
  const cancel = setDeadline(ANSWER_WITHIN_MS, resolve);
  try {
    connection.publish('$SYS.REQ.SERVER.PING', undefined, { reply: inbox });
    await promise;
  } finally {
    cancel();
    subscription.unsubscribe();
  }
  if (ids.size < expected) {
    throw new BusServersSilentError(
      `only ${ids.size} of ${expected} nats-servers answered within ${ANSWER_WITHIN_MS} ms`,
    );
  }
  return [...ids];
}

interface ShownConnection {
  readonly cid: number;
  readonly jwt: string;
}

/**
 * Reads pages by ascending id, and begins again if so many connections ended between two pages that one may have been
 * missed.
 */
async function connectionsAt(
  connection: Asking,
  serverId: string,
  accountId: string,
  { size, overlap }: Pages,
): Promise<readonly ShownConnection[]> {
  const seen = new Map<number, ShownConnection>();
  let offset = 0;
  let last = 0;
  for (;;) {
    const query = { acc: accountId, auth: true, sort: 'cid', offset, limit: size };
    const page = await pageAt(connection, serverId, query);
    const first = page[0]?.cid ?? Number.POSITIVE_INFINITY;
    if (offset > 0 && first > last) {
      offset = 0;
      continue;
    }
    for (const shown of page) seen.set(shown.cid, shown);
    if (page.length < size) return [...seen.values()];
    last = page.at(-1)?.cid ?? last;
    offset += size - overlap;
  }
}

async function pageAt(connection: Asking, serverId: string, query: object): Promise<readonly ShownConnection[]> {
  const answer = await ask(connection, serverId, 'CONNZ', query);
  const { connections } = parseObject(answer.data, 'data');
  return listOf((item, field) => {
    const { cid, jwt } = parseObject(item, field);
    return {
      cid: integerBetween(0, Number.MAX_SAFE_INTEGER)(cid, `${field}.cid`),
      jwt: textUpTo(LONGEST_JWT)(jwt ?? '', `${field}.jwt`),
    };
  }, PAGES.size)(connections, 'connections');
}

async function ask(connection: Asking, serverId: string, what: 'CONNZ' | 'KICK', query: object) {
  const subject = `$SYS.REQ.SERVER.${serverId}.${what}`;
  try {
    const answer = await connection.request(subject, JSON.stringify(query), { timeout: ANSWER_WITHIN_MS });
    return parseObject(answer.json(), 'answer');
  } catch (error) {
    if (!(error instanceof NatsError)) throw error;
    throw new BusServersSilentError(`nats-server ${serverId} did not answer ${what}: ${error.message}`);
  }
}

/** The server verified the signature at the connect, so only the claims are read here. */
function isOf({ name, nkey, issuer }: CredentialHolder, jwt: string): boolean {
  const [, payload = ''] = jwt.split('.');
  try {
    const claims = parseObject(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')), 'claims');
    return claims.name === name && claims.sub === nkey && claims.iss === issuer;
  } catch {
    return false;
  }
}
