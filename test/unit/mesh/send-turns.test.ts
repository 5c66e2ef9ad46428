import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { FEW_BYTES, MOST_WAITING_BYTES, type SendQueue, SendTurns } from '#libs/mesh/send-turns.js';

const PIECE = 64 * 1024;
const PIECES = MOST_WAITING_BYTES / PIECE;

/** A connection that sends when it is told to. */
class Connection implements SendQueue {
  taken = 0;
  unsent = 0;
  private sent = (): void => undefined;

  onSent(listener: () => void): void {
    this.sent = listener;
  }

  takes(bytes: number): void {
    this.taken += bytes;
    this.unsent += bytes;
  }

  sends(bytes: number): void {
    this.unsent -= bytes;
    this.sent();
  }
}

/** A flow that always has more to send. Its bytes reach the connection at once, unless the peer's window is full. */
class Flow {
  handed = 0;
  sentUpTo = 0;
  isWindowFull = false;

  constructor(
    private readonly turns: SendTurns,
    private readonly connection: Connection,
    private readonly piece = PIECE,
  ) {}

  resume(): void {
    if (!this.turns.take(this, this.piece)) return;
    this.handed += 1;
    if (!this.isWindowFull) queueMicrotask(() => this.connection.takes(this.piece));
  }
}

describe('flows of a session', () => {
  let connection: Connection;
  let turns: SendTurns;
  const flows = (count: number, piece?: number) =>
    Array.from({ length: count }, () => new Flow(turns, connection, piece));
  const handed = (all: readonly Flow[]) => all.map((flow) => flow.handed).join('');

  beforeEach(() => {
    connection = new Connection();
    turns = new SendTurns(connection);
  });

  it('hand over so much together, and more in turn as it is sent', async () => {
    const all = flows(PIECES + 3);
    for (const flow of all) flow.resume();
    expect(handed(all)).to.equal(`${'1'.repeat(PIECES)}000`);
    await nextTurn();
    for (const flow of all.slice(0, PIECES)) flow.resume();
    await nextTurn();
    expect(connection.unsent, 'nothing more while it waits').to.equal(MOST_WAITING_BYTES);
    connection.sends(2 * PIECE);
    expect(handed(all), 'those that wait longest').to.equal(`${'1'.repeat(PIECES + 2)}0`);
    await nextTurn();
    connection.sends(2 * PIECE);
    expect(handed(all)).to.equal(`2${'1'.repeat(PIECES + 2)}`);
  });

  it('are not held up by those whose peer takes no more', async () => {
    const [held, free] = [flows(PIECES), flows(2)];
    for (const flow of held) {
      flow.isWindowFull = true;
      flow.resume();
    }
    for (const flow of free) flow.resume();
    expect(handed(free)).to.equal('00');
    await nextTurn();
    expect(handed(free)).to.equal('11');
  });

  it('that have nothing waiting send a few bytes before all others, and then wait as well', async () => {
    const bulk = flows(PIECES);
    for (const flow of bulk) flow.resume();
    await nextTurn();
    const [small, large] = [flows(1, FEW_BYTES), flows(1, FEW_BYTES + 1)];
    for (const flow of [...small, ...large]) flow.resume();
    expect([handed(small), handed(large)]).to.deep.equal(['1', '0']);
    for (const flow of small) flow.resume();
    await nextTurn();
    for (const flow of small) flow.resume();
    expect(handed(small), 'its first bytes wait').to.equal('1');
    connection.sends(connection.unsent);
    expect([handed(small), handed(large)]).to.deep.equal(['2', '1']);
  });

  it('that have ended take no turn', async () => {
    const all = flows(PIECES + 2);
    for (const flow of all) flow.resume();
    await nextTurn();
    for (const flow of all.slice(PIECES, PIECES + 1)) turns.leave(flow);
    connection.sends(MOST_WAITING_BYTES);
    expect(handed(all)).to.equal(`${'1'.repeat(PIECES)}01`);
  });
});
