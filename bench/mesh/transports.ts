import { directTransport } from '#libs/mesh/direct-transport.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';

/** The description of a transport that one process sends another. */
export type TransportPlan =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'tsnet';
      readonly binary: string;
      readonly controlUrl: string;
      readonly key: string;
      readonly hostname: string;
      readonly stateFolder: string;
    };

export function transportOf(plan: TransportPlan): Transport {
  if (plan.kind === 'direct') return directTransport({ listen: '127.0.0.1:0' });
  const { kind: _, key, ...settings } = plan;
  return tsnetTransport({ ...settings, isEphemeral: true, requestKey: async () => key, log: () => undefined });
}
