interface Bucket {
  tokens: number;
  refilledAtMs: number;
}

/** Queries that a source may send at once, in seconds of its rate: a program may begin with many. */
export const QUERY_BURST_SECONDS = 2;

/** A token bucket for each source address, with so many seconds' worth at once. */
export interface RateLimit {
  /** False: this query is one too many. */
  take(source: string, nowMs: number): boolean;
}

/**
 * Sources may be forged, so what is kept of them is bounded: beyond `maxSources` the full buckets are forgotten (a
 * full bucket says nothing), and sources that still find no room share one bucket.
 */
export function createRateLimit(queriesPerSecond: number, maxSources: number): RateLimit {
  const atOnce = queriesPerSecond * QUERY_BURST_SECONDS;
  const buckets = new Map<string, Bucket>();
  const shared: Bucket = { tokens: atOnce, refilledAtMs: 0 };
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  function refill(bucket: Bucket, nowMs: number): void {
    const earned = ((nowMs - bucket.refilledAtMs) / 1000) * queriesPerSecond;
    bucket.tokens = Math.min(atOnce, bucket.tokens + earned);
    bucket.refilledAtMs = nowMs;
  }

  function forgetFullBuckets(nowMs: number): void {
    // At most once a second: a flood of forged sources must not make every query a sweep.
    if (nowMs - sweptAtMs < 1000) return;
    sweptAtMs = nowMs;
    for (const [source, bucket] of buckets) {
      refill(bucket, nowMs);
      if (bucket.tokens >= atOnce) buckets.delete(source);
    }
  }

  function bucketOf(source: string, nowMs: number): Bucket {
    const known = buckets.get(source);
    if (known !== undefined) return known;
    if (buckets.size >= maxSources) forgetFullBuckets(nowMs);
    if (buckets.size >= maxSources) return shared;
    const bucket = { tokens: atOnce, refilledAtMs: nowMs };
    buckets.set(source, bucket);
    return bucket;
  }

  return {
    take(source, nowMs) {
      const bucket = bucketOf(source, nowMs);
      refill(bucket, nowMs);
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
