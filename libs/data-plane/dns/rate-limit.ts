interface Bucket {
  tokens: number;
  refilledAtMs: number;
}

/** A source may send this many seconds' worth of queries in a burst: programs often begin with many. */
export const QUERY_BURST_SECONDS = 2;

/** A token bucket for each source address. */
export interface RateLimit {
  /** False: this query exceeds the rate. */
  take(source: string, nowMs: number): boolean;
}

/**
 * Source addresses may be forged, so the number of buckets is bounded: above `maxSources`, full buckets are dropped (a
 * full bucket holds no information), and sources that still find no room share one bucket.
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
    // Swept at most once a second, so that a flood of forged sources does not cause a sweep for each query.
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
