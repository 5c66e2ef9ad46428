import type { Client } from 'pg';
import { CodedError } from '#libs/contracts/errors.js';
import { isDatabaseFull, isDatabaseUnavailable } from './database-unavailable.js';

/** The database cannot be used, and waiting does not change that. */
export class DatabaseUnusableError extends CodedError {}

/** The oldest version with everything that the record uses. The tests run with 18. */
export const OLDEST_POSTGRES = 15;
const VERSION_UNIT = 10_000;
const CHECK_URL = 'check GLOBALSTACKS_DATABASE_URL';

/** The version of the server. Errors: DatabaseUnusableError if it is too old; the database's. */
export async function requirePostgres(client: Pick<Client, 'query'>): Promise<number> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
  const major = Math.floor(Number(rows[0]?.version) / VERSION_UNIT);
  if (major >= OLDEST_POSTGRES) return major;
  throw new DatabaseUnusableError(
    'POSTGRES_TOO_OLD',
    `the database of GLOBALSTACKS_DATABASE_URL is on Postgres ${major}; the control plane needs ${OLDEST_POSTGRES} or newer`,
    `move the database to Postgres ${OLDEST_POSTGRES} (pg_dump, pg_restore), and set GLOBALSTACKS_DATABASE_URL to it`,
  );
}

/** An error of the database in words of an operator; an error about something else as it is. */
export function databaseFault(error: unknown, databaseUrl: string): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error;
  const { server, database, user } = partsOf(databaseUrl);
  const fault = (code: string, message: string, remedy: string) => new DatabaseUnusableError(code, message, remedy);
  switch (sqlStateOf(error)) {
    case '28P01':
    case '28000':
      return fault(
        'DATABASE_LOGIN_REFUSED',
        `${server} refuses the user ${user}: ${error.message}`,
        `${CHECK_URL}: its user and password, and what pg_hba.conf of the server allows this machine`,
      );
    case '3D000':
      return fault(
        'DATABASE_MISSING',
        `${server} has no database ${database}`,
        `${CHECK_URL}, or make the database: createdb --owner ${user} ${database}`,
      );
    case '42501':
      return fault(
        'DATABASE_NO_RIGHT',
        `the user ${user} may not use the database ${database} of ${server}: ${error.message}`,
        `make ${user} the owner of the database: ALTER DATABASE ${database} OWNER TO ${user}`,
      );
    case '42P01':
      return fault(
        'DATABASE_EMPTY',
        `the database ${database} of ${server} has no record of a control plane: ${error.message}`,
        `${CHECK_URL}: the record may be in another database`,
      );
  }
  if (isDatabaseFull(error)) {
    return fault('STORE_FULL', `the disk of ${server} is full: ${error.message}`, 'free space on the disk of Postgres');
  }
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL') {
    return fault('DATABASE_URL_INVALID', `GLOBALSTACKS_DATABASE_URL is not a URL`, URL_FORM);
  }
  if (!isDatabaseUnavailable(error) && !isUnknownHost(error)) return error;
  return fault(
    'DATABASE_UNREACHABLE',
    `${server} does not answer: ${reasonOf(error)}`,
    `${CHECK_URL}, that Postgres runs, and that no firewall blocks its port`,
  );
}

const URL_FORM =
  'set it to the address of Postgres, such as postgres://user:password@host:5432/database; special characters of a password as %XX';

/** The server, database and user in an address of Postgres, without the password. */
function partsOf(databaseUrl: string): { readonly server: string; readonly database: string; readonly user: string } {
  if (!URL.canParse(databaseUrl)) return { server: 'Postgres', database: '(unknown)', user: '(unknown)' };
  const { hostname, port, pathname, username } = new URL(databaseUrl);
  const user = decodeURIComponent(username) || '(none)';
  return {
    server: `Postgres at ${hostname || 'its socket'}:${port || '5432'}`,
    database: decodeURIComponent(pathname.slice(1)) || user,
    user,
  };
}

function sqlStateOf(error: Error): string | null {
  const { code, driverError } = error as { readonly code?: unknown; readonly driverError?: unknown };
  if (typeof code === 'string') return code;
  return driverError instanceof Error && driverError !== error ? sqlStateOf(driverError) : null;
}

function isUnknownHost(error: Error): boolean {
  return ['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH'].includes(sqlStateOf(error) ?? '');
}

function reasonOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
}
