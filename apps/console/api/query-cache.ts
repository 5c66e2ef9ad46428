import { QueryClient } from '@tanstack/react-query';

/** State of the control plane. It is fetched again when the stream reports a change, not by age or focus. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: false,
    },
    mutations: { retry: false },
  },
});
