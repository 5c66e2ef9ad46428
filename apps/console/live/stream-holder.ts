import type { StreamMessage, TabMessage } from './messages.js';
import { openStream } from './open-stream.js';

export interface StreamHolder {
  readonly tryNow: () => void;
  readonly leave: () => void;
}

/** Joins the browser's shared stream, or opens one for this tab if there are no shared workers. */
export function joinStream(hear: (message: StreamMessage) => void): StreamHolder {
  if (typeof SharedWorker === 'undefined') {
    const stream = openStream(hear);
    stream.connect();
    return { tryNow: () => stream.connect(), leave: () => stream.close() };
  }
  const worker = new SharedWorker(new URL('./stream-worker.ts', import.meta.url), { type: 'module', name: 'events' });
  const say = (message: TabMessage): void => worker.port.postMessage(message);
  worker.port.addEventListener('message', ({ data }) => hear(data));
  worker.port.start();
  return {
    tryNow: () => say('try-now'),
    leave: () => {
      say('leave');
      worker.port.close();
    },
  };
}
