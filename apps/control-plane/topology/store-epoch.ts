import type { DataSource } from 'typeorm';
import type { Epoch } from '#libs/contracts/bus-messages.js';
import { CodedError } from '#libs/contracts/errors.js';

/** The store's present epoch: the highest that was started. */
export async function readEpoch(database: DataSource): Promise<Epoch> {
  const rows: Epoch[] = await database.query('SELECT counter, id FROM store_epochs ORDER BY counter DESC LIMIT 1');
  const [epoch] = rows;
  if (epoch === undefined) throw new CodedError('EPOCH_MISSING', 'the store has no epoch', 'run its migrations');
  return { counter: epoch.counter, id: epoch.id };
}
