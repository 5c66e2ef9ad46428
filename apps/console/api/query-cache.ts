import { QueryClient } from '@tanstack/react-query';

/** State of the control plane. It is asked again when the stream says that it changed, not by age or focus. */
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
