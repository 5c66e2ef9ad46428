import { createInbox, type NatsConnection } from 'nats';
import { setDeadline } from '#libs/async/deadline.js';
import { integerBetween, listOf, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { BusServersSilentError } from './errors.js';

/** What credentials name: who they were issued to, the public key they are for, and the key that signed them. */
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

/** What may be published to ask servers about connections, and to close them. */
export const CONNECTION_SUBJECTS = [
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.SERVER.*.CONNZ',
  '$SYS.REQ.SERVER.*.KICK',
] as const;

const ANSWER_WITHIN_MS = 2_000;
/**
 * Connections asked for at a time. Those of the last page that are asked for again (`overlap`) show that none was
 * missed: connections that end meanwhile move the later ones forward.
 */
const PAGES: Pages = { size: 256, overlap: 32 };
const LONGEST_JWT = 65_536;
const MOST_SERVERS = 1_024;

/**
 * Connections of the holder that are open now, at every server of the bus. Found by the credentials that were shown,
 * not by the user name, which a client is free to make up. Error: BusServersSilentError.
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

/** Closes a connection; one that is gone already is none to close. */
export async function closeConnection(connection: Asking, { serverId, connectionId }: OpenConnection): Promise<void> {
  const subject = `$SYS.REQ.SERVER.${serverId}.KICK`;
  await ask(connection, subject, { cid: connectionId });
}

/** Every server answers a ping with how many there are; fewer answers than that are not enough to go by. */
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
  if (ids.size < expected) throw new BusServersSilentError(ids.size, expected);
  return [...ids];
}

interface ShownConnection {
  readonly cid: number;
  readonly jwt: string;
}

/** In pages by ascending id; begins anew when so many ended between two pages that one may have been missed. */
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
  const answer = await ask(connection, `$SYS.REQ.SERVER.${serverId}.CONNZ`, query);
  const { connections } = parseObject(answer.data, 'data');
  return listOf((item, field) => {
    const { cid, jwt } = parseObject(item, field);
    return {
      cid: integerBetween(0, Number.MAX_SAFE_INTEGER)(cid, `${field}.cid`),
      jwt: textUpTo(LONGEST_JWT)(jwt ?? '', `${field}.jwt`),
    };
  }, PAGES.size)(connections, 'connections');
}

async function ask(connection: Asking, subject: string, query: object) {
  const answer = await connection.request(subject, JSON.stringify(query), { timeout: ANSWER_WITHIN_MS });
  return parseObject(answer.json(), 'answer');
}

/** The server has checked the signature when the connection was made: here the claims are only read. */
function isOf({ name, nkey, issuer }: CredentialHolder, jwt: string): boolean {
  const [, payload = ''] = jwt.split('.');
  try {
    const claims = parseObject(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')), 'claims');
    return claims.name === name && claims.sub === nkey && claims.iss === issuer;
  } catch {
    return false;
  }
}
