import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Channels, openChannels } from './channels.ts';
import { type Mail, openMail } from './mail.ts';
import { type Objects, openObjects } from './objects.ts';
import { type Database, openDatabase } from './postgres.ts';
import { openPubSub, type PubSub } from './pubsub.ts';
import { openRateLimiters, type RateLimiters } from './rate-limits.ts';
import { connectRedis, forbidScripts, type Redis, requireRedis7 } from './redis.ts';
import { defineStreamScripts } from './streams.ts';
import { defineTimelineScripts } from './timelines.ts';

/** The clients of all stores, and what else every feature needs: one set per process. */
export interface Stores {
  db: Database;
  redis: Redis;
  pubsub: PubSub;
  channels: Channels;
  objects: Objects;
  mail: Mail;
  rateLimiters: RateLimiters;
  config: Config;
  log: Logger;
  close(): Promise<void>;
}

/**
 * Opens the clients of all stores. PostgreSQL, S3 and SMTP are connected to at their first use.
 *
 * @param onQuery is called with every SQL statement, for tests that count statements
 * @throws Error when Redis cannot be reached or is too old
 */
export async function openStores(config: Config, log: Logger, onQuery?: (sql: string) => void): Promise<Stores> {
  const redis = connectRedis(config.REDIS_URL, (err) => log.warn({ err }, 'trouble with Redis'));
  try {
    await requireRedis7(redis);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  defineTimelineScripts(redis);
  defineStreamScripts(redis);
  const rateLimiters = openRateLimiters(redis);
  forbidScripts(redis);
  const db = openDatabase(config.DATABASE_URL, config.DATABASE_POOL_SIZE, onQuery);
  const pubsub = openPubSub(redis, log);
  const channels = openChannels(redis, pubsub, log);
  const objects = openObjects(config);
  const mail = openMail(config);
  return {
    db,
    redis,
    pubsub,
    channels,
    objects,
    mail,
    rateLimiters,
    config,
    log,
    async close() {
      channels.close();
      await pubsub.close();
      redis.disconnect();
      objects.close();
      mail.close();
      await db.$disconnect();
    },
  };
}
