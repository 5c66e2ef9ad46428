import { useParams } from '@tanstack/react-router';

/** The name of the current page's network. */
export function useNetworkName(): string {
  return useParams({ from: '/frame/networks/$network' }).network;
}
