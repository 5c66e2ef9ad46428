import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { statusQuery } from '../api/queries.js';
import type { AgentMark } from './map-boxes.js';

/** By agent: its state and applied version, for the heads of the map's frames. */
export function useAgentMarks(network: string): ReadonlyMap<string, AgentMark> {
  const status = useQuery(statusQuery(network)).data;
  return useMemo(
    () =>
      new Map(
        status?.agents.map(({ agentId, status: state, appliedVersion }) => [
          agentId,
          { state, version: appliedVersion },
        ]),
      ),
    [status],
  );
}
