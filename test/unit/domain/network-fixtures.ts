import type { NetworkEvent } from '#libs/domain/network/events.js';
import { attached, created, published, rule } from '#test/unit/policy/network-events.js';

/** Two sandboxes without aliases. */
export const dev: readonly NetworkEvent[] = [
  created(),
  attached('sbx-web', 'host-a', { tier: 'web' }),
  attached('sbx-api', 'host-b'),
];
/** sbx-api publishes api on 8080. */
export const withApi = [...dev, published('api', 'sbx-api', 8080)];
export const withRule = [...withApi, rule('0001', 'allow any -> api:8080')];

export const port = (published: number, target = published) => ({ published, target });
export const printed = (id: string, effect: string, from: string, to = 'api', at = 8080) => ({
  id: `rule-${id}`,
  effect,
  from,
  to,
  port: at,
});
