import type { ClientBase, Connection, Submittable } from 'pg';
import { parseCopyLine } from './copy-text.js';

/** Called with the columns of one row, in the server's text form. */
export type OnRow = (columns: readonly (string | null)[]) => void;

/**
 * Streams the rows of a query by COPY, which costs the server and us less than a result set. COPY takes no
 * parameters: the query must hold none but numbers. Errors: the database's.
 */
export function copyRows(client: ClientBase, query: string, onRow: OnRow): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(
      new CopyRows(`COPY (${query}) TO STDOUT`, onRow, (error) => (error === null ? resolve() : reject(error))),
    );
  });
}

/** Called by pg's client with the server's messages; between COPY's answer and its end each row is one message. */
class CopyRows implements Submittable {
  private failure: Error | null = null;

  constructor(
    private readonly text: string,
    private readonly onRow: OnRow,
    // A property that pg replaces in order to clear a query's timeout.
    readonly callback: (error: Error | null) => void,
  ) {}

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    if (this.failure !== null) return;
    try {
      this.onRow(parseCopyLine(message.chunk.toString('utf8')));
    } catch (error) {
      // Thrown to the reader, not into pg's socket handling; the rest of the rows is let pass.
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(this.failure);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
