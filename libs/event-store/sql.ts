/** Lock held by every append from before positions are drawn until the commit, so commit order is position order. */
export const APPEND_LOCK = 4_711_001;

export const BEGIN_LOCKED = `BEGIN; SELECT pg_advisory_xact_lock(${APPEND_LOCK})`;

/** One notification per batch, with the end of the log. */
export const CHANNEL = 'globalstacks_events';

/** In the order of EVENT_FIELDS in event-row.ts. */
export const EVENT_COLUMNS =
  'position, stream_id, stream_version, type, schema_version, data, metadata, actor, command_id, correlation_id, ' +
  'causation_id, recorded_at, previous_hash, hash';

const rfc3339 = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * $1: stream ids; $2, $3: actors and ids of commands; $4, $5: scopes and values of claims. Returns one row of JSON:
 * arrays in the order of the parameters, null where the log has nothing.
 */
export const READ_STATE = `
  SELECT
    (SELECT json_build_object('position', position, 'hash', hash, 'recordedAt', ${rfc3339('recorded_at')})
     FROM events ORDER BY position DESC LIMIT 1) AS head,
    ${rfc3339('clock_timestamp()')} AS now,
    (SELECT json_agg((SELECT e.stream_version FROM events e WHERE e.stream_id = s.id
                      ORDER BY e.stream_version DESC LIMIT 1) ORDER BY n)
     FROM unnest($1::text[]) WITH ORDINALITY AS s(id, n)) AS versions,
    (SELECT json_agg((SELECT json_build_object('requestHash', c.request_hash, 'result', c.result,
                                               'position', c.position, 'streamVersion', c.stream_version)
                      FROM commands c WHERE c.actor = k.actor AND c.command_id = k.id) ORDER BY n)
     FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k(actor, id, n)) AS commands,
    (SELECT json_agg((SELECT u.stream_id FROM unique_claims u WHERE u.scope = k.scope AND u.value = k.value) ORDER BY n)
     FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS k(scope, value, n)) AS claims`;

export const COPY_EVENTS = `COPY events (${EVENT_COLUMNS}) FROM STDIN`;

export const COPY_COMMANDS = `
  COPY commands (actor, command_id, request_hash, result, stream_id, stream_version, position, event_count, recorded_at)
  FROM STDIN`;

/** headPosition is a number of ours, so it can be in the statement: with COPY there are no parameters. */
export const notify = (headPosition: number): string => `SELECT pg_notify('${CHANNEL}', '${headPosition}')`;

export const RELEASE_CLAIM = 'DELETE FROM unique_claims WHERE scope = $1 AND value = $2';
export const TAKE_CLAIM = 'INSERT INTO unique_claims (scope, value, stream_id) VALUES ($1, $2, $3)';

/** The first command, by position, whose number of events is not the one it wrote; 0 for an event without a command. */
export const UNPAIRED_COMMAND = `
  SELECT command_id, coalesce(c.position, e.position) AS position, coalesce(c.event_count, 0) AS expected,
    coalesce(e.count, 0)::integer AS found
  FROM commands c
  FULL JOIN (SELECT actor, command_id, count(*) AS count, max(position) AS position
             FROM events GROUP BY actor, command_id) e USING (actor, command_id)
  WHERE c.event_count IS DISTINCT FROM coalesce(e.count, 0)
     OR (e.position IS NOT NULL AND c.position <> e.position)
     OR c.position > (SELECT coalesce(max(position), 0) FROM events)
  ORDER BY 2 LIMIT 1`;
