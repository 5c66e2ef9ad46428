import { useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { agentsQuery } from '../api/queries.js';
import { contacts } from '../live/live-state.js';
import { Age } from '../vocabulary/age.js';

/** An agent's last contact; a heartbeat renders only this component again. */
export function Contact({ agentId, known }: { readonly agentId: string; readonly known?: string | null }) {
  const queries = useQueryClient();
  const heard = useSyncExternalStore(contacts.subscribe, () => contacts.get().get(agentId) ?? null);
  const listed = queries.getQueryData(agentsQuery.queryKey)?.find(({ id }) => id === agentId)?.lastContactAt;
  const at = later(heard, later(known ?? null, listed ?? null));
  return at === null ? <>not known</> : <Age at={at} />;
}

function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(one) > Date.parse(other) ? one : other;
}
