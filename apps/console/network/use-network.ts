import { useParams } from '@tanstack/react-router';

/** The name of the network whose page this is. */
export function useNetworkName(): string {
  return useParams({ from: '/frame/networks/$network' }).network;
}
