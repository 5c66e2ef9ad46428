/** Connections that stand before there is an application to close: a start that fails half-way closes them here. */
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
