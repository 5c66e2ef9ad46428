import type { ClientBase, Connection, Submittable } from 'pg';

/**
 * Runs statements of which some are `COPY ... FROM STDIN`, with the text of each in their order, in one round trip:
 * the text follows the statements unasked, and a server that refused one of them ignores it. Returns the last command
 * that the server completed. Errors: the database's.
 */
export function copyIn(client: ClientBase, statements: string, texts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    client.query(
      new CopyIn(statements, texts, (error, lastCommand) => {
        if (error === null) resolve(lastCommand ?? '');
        else reject(error);
      }),
    );
  });
}

const LENGTH_BYTES = 4;
/** Source: the Postgres manual, "Message Formats": CopyDone, a type and the length of itself. */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, LENGTH_BYTES]);

/** Source: as above, CopyData: a type, the length from itself on, and the text. */
function copyData(text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(1 + LENGTH_BYTES + textBytes);
  message[0] = 0x64;
  message.writeInt32BE(LENGTH_BYTES + textBytes, 1);
  message.write(text, 1 + LENGTH_BYTES);
  return message;
}

/** Called by pg's client with the server's messages. */
class CopyIn implements Submittable {
  private lastCommand = '';

  constructor(
    private readonly statements: string,
    private readonly texts: readonly string[],
    // A property that pg replaces in order to clear a query's timeout.
    readonly callback: (error: Error | null, lastCommand?: string) => void,
  ) {}

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork();
    connection.query(this.statements);
    for (const text of this.texts) {
      stream.write(copyData(text));
      stream.write(COPY_DONE);
    }
    stream.uncork();
  }

  handleCopyInResponse(): void {}

  handleRowDescription(): void {}

  handleDataRow(): void {}

  handleCommandComplete(message: { readonly text: string }): void {
    this.lastCommand = message.text;
  }

  handleReadyForQuery(): void {
    this.callback(null, this.lastCommand);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
