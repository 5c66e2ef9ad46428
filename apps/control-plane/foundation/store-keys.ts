import type { DataSource } from 'typeorm';
import { CodedError } from '#libs/contracts/errors.js';

/** The keys folder belongs to another store: nothing that it signs would be taken by the agents of this one. */
export class KeysOfAnotherStoreError extends CodedError {
  constructor(keysFolder: string) {
    super(
      'KEYS_OF_ANOTHER_STORE',
      `the keys in ${keysFolder} are not those that this database was signed with: agents would refuse every version`,
      'put back the keys folder that was kept with this database, or the database that was kept with these keys',
    );
  }
}

/**
 * Remembers in the database which key signs its versions, at the first start; later starts with another key are
 * refused. A database that is older than its keys folder is another matter: see SeenHead. Error:
 * KeysOfAnotherStoreError.
 */
export async function requireKeysOfStore(database: DataSource, publicKey: string, keysFolder: string): Promise<void> {
  await database.query(
    `INSERT INTO store_keys (purpose, public_key) VALUES ('topology', $1) ON CONFLICT (purpose) DO NOTHING`,
    [publicKey],
  );
  const rows: readonly { readonly public_key: string }[] = await database.query(
    `SELECT public_key FROM store_keys WHERE purpose = 'topology'`,
  );
  if (rows[0]?.public_key !== publicKey) throw new KeysOfAnotherStoreError(keysFolder);
}
