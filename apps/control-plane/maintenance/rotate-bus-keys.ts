import type { Client } from 'pg';
import { BUS_KEY_FILES, replaceBusAuthority } from '#libs/bus/authority.js';
import { CodedError } from '#libs/contracts/errors.js';
import { LISTENER } from '#libs/event-store/notification-listener.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { withDatabase } from './database.js';
import { CONFIG_OPTION, CONFIG_USAGE, needSetting, settingsOf } from './environment.js';

/** A control plane that runs has the former keys in memory, and would go on with them. */
export class ControlPlaneRunsError extends CodedError {}

export const rotateBusKeys: ProgramCommand = {
  summary: 'Replace the keys of the bus, while the control plane is stopped',
  usage: `[options]

  ${CONFIG_USAGE}

nats-server then needs the configuration that nats-config prints, and a restart. Agents get credentials of the new keys
over HTTP; connections of sandboxes go on.`,
  options: CONFIG_OPTION,
  async run(given, environment) {
    const settings = settingsOf(given, environment);
    const keysFolder = needSetting(settings, 'GLOBALSTACKS_KEYS_DIR');
    await replaceBusKeys(needSetting(settings, 'GLOBALSTACKS_DATABASE_URL'), keysFolder);
    process.stdout.write(`${keysFolder} has new keys of the bus: ${BUS_KEY_FILES.join(', ')}
next: make the configuration of nats-server anew with globalstacks-control-plane nats-config and the options of the
      present one, restart nats-server, and start the control plane; then make a backup with --keys
`);
    return 0;
  },
};

/**
 * The database forgets which keys of the bus it was used with, and the folder gets others. When this is interrupted,
 * the control plane starts with whichever keys the folder has. Errors: ControlPlaneRunsError, those of
 * replaceBusAuthority, DatabaseUnusableError.
 */
export async function replaceBusKeys(databaseUrl: string, keysFolder: string): Promise<void> {
  await withDatabase(databaseUrl, 'globalstacks rotate-bus-keys', async (client) => {
    await refuseRunning(client);
    const { rows } = await client.query<{ found: boolean }>(
      "SELECT to_regclass('public.store_keys') IS NOT NULL AS found",
    );
    if (rows[0]?.found === true) {
      await client.query('DELETE FROM store_keys WHERE purpose = ANY ($1)', [BUS_KEY_FILES]);
    }
    replaceBusAuthority(keysFolder);
  });
}

async function refuseRunning(client: Client): Promise<void> {
  const { rows } = await client.query<{ address: string | null }>(
    `SELECT host(client_addr) AS address FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1 LIMIT 1`,
    [LISTENER],
  );
  const [running] = rows;
  if (running === undefined) return;
  throw new ControlPlaneRunsError(
    'CONTROL_PLANE_RUNS',
    `a control plane at ${running.address ?? 'this machine'} uses this database, and would keep using the old keys`,
    'stop every control plane of this database, and run this again',
  );
}
