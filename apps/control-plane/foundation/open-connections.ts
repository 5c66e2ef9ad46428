/**
 * Connections opened while the application is built, which are closed here if the start fails before there is an
 * application.
 */
export class OpenConnections {
  private readonly closings: (() => Promise<void>)[] = [];

  add<Connection extends { close(): Promise<void> }>(connection: Connection): Connection {
    this.closings.push(() => connection.close());
    return connection;
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled(this.closings.splice(0).map((close) => close()));
  }
}
