import type { ClientBase, Connection, Submittable } from 'pg';
import { parseCopyLine } from './copy-text.js';

/** Called with the columns of one row in the server's text form. */
export type OnRow = (columns: readonly (string | null)[]) => void;

/**
 * Called with one row as COPY writes it, including the line end. The bytes are those of the connection's buffer, which
 * the next message overwrites: whoever keeps them has to copy them.
 */
export type OnLine = (line: Buffer) => void;

/**
 * Streams the rows of a query by COPY, which costs both sides less than a result set. COPY takes no parameters, so the
 * query must contain no values but numbers. Errors: the database's.
 */
export function copyRows(client: ClientBase, query: string, onRow: OnRow): Promise<void> {
  return copyLines(client, query, (line) => onRow(parseCopyLine(line.toString('utf8'))));
}

/** As copyRows, with the lines as the server writes them. */
export function copyLines(client: ClientBase, query: string, onLine: OnLine): Promise<void> {
  const copy = new CopyOut(`COPY (${query}) TO STDOUT`, onLine);
  client.query(copy);
  return copy.finished;
}

const ignoreLine: OnLine = () => {};

/**
 * pg's client calls its methods with the server's messages; between COPY's answer and its end, each row is one message.
 */
class CopyOut implements Submittable {
  private readonly end = Promise.withResolvers<void>();
  private failure: Error | null = null;

  constructor(
    private readonly text: string,
    private onLine: OnLine,
  ) {}

  get finished(): Promise<void> {
    return this.end.promise;
  }

  /**
   * A property, because pg replaces it to clear the query's timeout. The timer outlives the query and keeps this object
   * alive, so the rows are released here: otherwise a replay takes twice as long in garbage collection.
   */
  readonly callback = (error: Error | null): void => {
    this.onLine = ignoreLine;
    if (error === null) this.end.resolve();
    else this.end.reject(error);
  };

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    if (this.failure !== null) return;
    try {
      this.onLine(message.chunk);
    } catch (error) {
      // Thrown to the reader later, not inside pg's socket handling; the remaining rows are skipped.
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
