import { connect, type NatsConnection } from 'nats';
import type { BareMembers } from './bare-bus.js';

/** Many bare connections in one process, as bench/scale/bare-bus.ts tells them. */

let members: BareMembers | null = null;
let connections: readonly NatsConnection[] = [];

async function join({ servers, bytes }: BareMembers, member: number): Promise<NatsConnection> {
  const connection = await connect({ servers, timeout: 20_000 });
  const reply = Buffer.alloc(bytes.reply);
  const applied = Buffer.alloc(bytes.applied);
  connection.subscribe(`bare.${member}.topology`, {
    callback: (_, message) => {
      message.respond(reply);
      void connection.request('bare.applied', applied, { timeout: 60_000 });
    },
  });
  await connection.flush();
  return connection;
}

async function connectAll(told: BareMembers, gets: boolean): Promise<void> {
  connections = await Promise.all(
    Array.from({ length: told.count }, async (_, index) => {
      const connection = await join(told, told.first + index);
      for (let part = 0; gets && part < told.bytes.whole.length; part += 1) {
        await connection.request(`bare.whole.${part}`, undefined, { timeout: 60_000 });
      }
      return connection;
    }),
  );
}

async function follow(message: BareMembers | 'connect' | 'disconnect'): Promise<void> {
  if (message === 'disconnect') {
    await Promise.all(connections.map((connection) => connection.close()));
  } else if (message === 'connect') {
    if (members !== null) await connectAll(members, true);
  } else {
    members = message;
    await connectAll(message, false);
  }
}

process.on('message', (message: BareMembers | 'connect' | 'disconnect') => {
  void follow(message).then(() => process.send?.('done'));
});
process.on('disconnect', () => process.exit());
