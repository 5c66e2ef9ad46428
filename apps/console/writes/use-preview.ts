import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { previewQuery } from '../api/queries.js';
import type { Intent, Preview } from '../api/shapes.js';

const AFTER_TYPING_MS = 250;
/** Open connections change without an event. */
const WHILE_SHOWN = { refetchInterval: 5_000, gcTime: 0 };

/** Previews a write shortly after the last key press, and again while shown. */
export function usePreview(network: string, intent: Intent | null): UseQueryResult<Preview> {
  const [settled, setSettled] = useState(intent);
  const text = JSON.stringify(intent);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text)), AFTER_TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const isSettled = JSON.stringify(settled) === text;
  return useQuery({
    ...previewQuery(network, isSettled ? settled : null),
    ...WHILE_SHOWN,
  });
}

/** As usePreview, if an admin overrides the policy tests that the write would break; null: nobody may. */
export function useOverridingPreview(network: string, intent: Intent | null): UseQueryResult<Preview> {
  return useQuery({ ...previewQuery(network, intent, { 'Policy-Tests': 'override' }), ...WHILE_SHOWN });
}
