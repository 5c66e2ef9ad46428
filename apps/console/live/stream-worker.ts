import type { EventStream } from './event-stream.js';
import type { StreamMessage, TabMessage } from './messages.js';
import { openStream } from './open-stream.js';

/** One connection for all tabs of a browser, open while there is a tab. A new tab gets the current state. */
const tabs = new Set<MessagePort>();
let stream: EventStream | null = null;
let state: StreamMessage | null = null;

function tell(message: StreamMessage): void {
  if (message.kind !== 'event') state = message;
  for (const tab of tabs) tab.postMessage(message);
}

function heard(tab: MessagePort, message: TabMessage): void {
  if (message === 'try-now') {
    stream?.connect();
    return;
  }
  tabs.delete(tab);
  if (tabs.size > 0) return;
  stream?.close();
  stream = null;
  state = null;
}

addEventListener('connect', (event) => {
  const [tab] = event instanceof MessageEvent ? event.ports : [];
  if (tab === undefined) return;
  tabs.add(tab);
  tab.addEventListener('message', ({ data }) => heard(tab, data));
  tab.start();
  if (stream === null || state?.kind === 'signed-out') {
    state = null;
    stream?.close();
    stream = openStream(tell);
    stream.connect();
  } else if (state !== null) {
    tab.postMessage(state);
  }
});
