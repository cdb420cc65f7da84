-- Ids as in "Sharding & IDs at Instagram" (2012): 41 bits of milliseconds since 2026-01-01 UTC, 13 bits of logical shard,
-- 10 bits of sequence.

CREATE SEQUENCE id_sequence;
CREATE SEQUENCE user_shard_sequence;

CREATE FUNCTION next_id_in_shard(shard bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  number bigint := nextval('id_sequence') & 1023;
BEGIN
  -- Numbers come round after 1,024. One statement can draw as many within a millisecond: it waits for the next one, so that
  -- what it draws never repeats and ascends. Several bulk loads into one shard at the same time can meet all the same, and
  -- then the primary key refuses; rows that are written one by one are a thousand times too slow for it.
  IF number = 0 THEN
    PERFORM pg_sleep(0.001);
  END IF;
  RETURN ((floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1767225600000) << 23) | (shard << 10) | number;
END
$$;

-- An id in the shard of the person whom the new row belongs to.
CREATE FUNCTION next_id(owner bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT next_id_in_shard((owner >> 10) & 8191)
$$;

-- People are dealt out to the shards in turn.
CREATE FUNCTION next_user_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT next_id_in_shard(nextval('user_shard_sequence') & 8191)
$$;
