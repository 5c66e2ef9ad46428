import { waitFor } from './wait.js';

export interface Memory {
  /** The size of live objects on the heap. */
  readonly heapMb: number;
  /** The memory that the kernel reports. */
  readonly residentMb: number;
}

const MEGABYTE = 1_024 * 1_024;

/** Another Node process, queried through its inspector. Start it with NODE_OPTIONS=--inspect-port=0. */
export class InspectedProcess {
  private readonly answers = new Map<number, (result: unknown) => void>();
  private sent = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown };
      if (id === undefined) return;
      this.answers.get(id)?.(result);
      this.answers.delete(id);
    });
  }

  /** `output`: the process's output so far, which contains the port of its inspector. */
  static async open(pid: number, output: () => string): Promise<InspectedProcess> {
    process.kill(pid, 'SIGUSR1');
    const url = await waitFor(
      'the inspector listens',
      () => /Debugger listening on (ws:[\w./:-]+)/.exec(output())?.[1] ?? false,
    );
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true });
    });
    return new InspectedProcess(socket);
  }

  /** What is left after a collection of the whole heap. */
  async memoryKept(): Promise<Memory> {
    await this.send('HeapProfiler.collectGarbage', {});
    const expression = 'JSON.stringify(process.memoryUsage())';
    const { result } = (await this.send('Runtime.evaluate', { expression })) as {
      readonly result: { readonly value: string };
    };
    const { heapUsed, rss } = JSON.parse(result.value) as { readonly heapUsed: number; readonly rss: number };
    return { heapMb: Math.round(heapUsed / MEGABYTE), residentMb: Math.round(rss / MEGABYTE) };
  }

  close(): void {
    this.socket.close();
  }

  private send(method: string, params: object): Promise<unknown> {
    this.sent += 1;
    const id = this.sent;
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
