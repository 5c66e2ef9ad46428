import type { ClientBase, Connection, Submittable } from 'pg';

/**
 * Runs statements, some of them `COPY ... FROM STDIN`, with the text for each in their order, in one round trip: the
 * texts are sent without waiting, and a server that refused a statement ignores them. Returns the last command that the
 * server completed. Errors: the database's.
 */
export function copyIn(client: ClientBase, statements: string, texts: readonly string[]): Promise<string> {
  const copy = new CopyIn(statements, texts);
  client.query(copy);
  return copy.finished;
}

const LENGTH_BYTES = 4;
/** CopyDone: a type, and the length including itself. Source: the Postgres manual, "Message Formats". */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, LENGTH_BYTES]);

/** CopyData: a type, the length including itself, and the text. Source: as above. */
function copyData(text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(1 + LENGTH_BYTES + textBytes);
  message[0] = 0x64;
  message.writeInt32BE(LENGTH_BYTES + textBytes, 1);
  message.write(text, 1 + LENGTH_BYTES);
  return message;
}

/** pg's client calls its methods with the server's messages. */
class CopyIn implements Submittable {
  private readonly end = Promise.withResolvers<string>();
  private lastCommand = '';

  constructor(
    private readonly statements: string,
    private texts: readonly string[],
  ) {}

  get finished(): Promise<string> {
    return this.end.promise;
  }

  /**
   * A property, because pg replaces it to clear the query's timeout, and the timer keeps this object alive for long.
   */
  readonly callback = (error: Error | null): void => {
    this.texts = [];
    if (error === null) this.end.resolve(this.lastCommand);
    else this.end.reject(error);
  };

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
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
