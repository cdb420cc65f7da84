-- CreateEnum
CREATE TYPE "activity_kind" AS ENUM ('LIKE', 'COMMENT', 'MENTION', 'FOLLOW', 'FOLLOW_REQUEST', 'FOLLOW_APPROVED');

-- CreateEnum
CREATE TYPE "mail_token_purpose" AS ENUM ('VERIFY_EMAIL', 'RESET_PASSWORD');

-- CreateEnum
CREATE TYPE "data_export_status" AS ENUM ('PROCESSING', 'READY');

-- CreateEnum
CREATE TYPE "report_reason" AS ENUM ('SPAM', 'NUDITY', 'VIOLENCE', 'HATE', 'HARASSMENT', 'SELF_HARM', 'FALSE_INFORMATION', 'OTHER');

-- CreateEnum
CREATE TYPE "moderation_act_kind" AS ENUM ('HIDE_PHOTO', 'RESTORE_PHOTO', 'REMOVE_COMMENT', 'SUSPEND_USER', 'RESTORE_USER', 'DISMISS_REPORTS', 'MAKE_MODERATOR', 'UNMAKE_MODERATOR');

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "activity_read_up_to" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "avatar_failure" "photo_failure_code",
ADD COLUMN     "avatar_key" TEXT,
ADD COLUMN     "avatar_status" "photo_status",
ADD COLUMN     "avatar_upload_id" BIGINT,
ADD COLUMN     "deactivated_at" TIMESTAMPTZ(3),
ADD COLUMN     "deleting_at" TIMESTAMPTZ(3),
ADD COLUMN     "email_verified_at" TIMESTAMPTZ(3),
ADD COLUMN     "is_moderator" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "is_private" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "suspended_at" TIMESTAMPTZ(3);

ALTER TABLE "users" ADD COLUMN "is_hidden" BOOLEAN NOT NULL
  GENERATED ALWAYS AS ("suspended_at" IS NOT NULL OR "deactivated_at" IS NOT NULL OR "deleting_at" IS NOT NULL) STORED;

-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "hidden_at" TIMESTAMPTZ(3),
ADD COLUMN     "media_is_public" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "likes" ADD COLUMN     "id" BIGINT;
UPDATE "likes" SET "id" = next_id("user_id");
ALTER TABLE "likes" ALTER COLUMN "id" SET NOT NULL;

-- AlterTable
ALTER TABLE "photo_count_deltas" ADD COLUMN     "news" SMALLINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "follows" ADD COLUMN     "id" BIGINT;
UPDATE "follows" SET "id" = next_id("follower_id");
ALTER TABLE "follows" ALTER COLUMN "id" SET NOT NULL;

-- CreateTable
CREATE TABLE "follow_requests" (
    "requester_id" BIGINT NOT NULL,
    "target_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,

    CONSTRAINT "follow_requests_pkey" PRIMARY KEY ("requester_id","target_id")
);

-- CreateTable
CREATE TABLE "blocks" (
    "blocker_id" BIGINT NOT NULL,
    "blocked_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,

    CONSTRAINT "blocks_pkey" PRIMARY KEY ("blocker_id","blocked_id")
);

-- CreateTable
CREATE TABLE "mutes" (
    "muter_id" BIGINT NOT NULL,
    "muted_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,

    CONSTRAINT "mutes_pkey" PRIMARY KEY ("muter_id","muted_id")
);

-- CreateTable
CREATE TABLE "user_counts" (
    "user_id" BIGINT NOT NULL,
    "followers" INTEGER NOT NULL DEFAULT 0,
    "following" INTEGER NOT NULL DEFAULT 0,
    "photos" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "user_counts_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "user_count_deltas" (
    "user_id" BIGINT NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "followers" SMALLINT NOT NULL DEFAULT 0,
    "following" SMALLINT NOT NULL DEFAULT 0,
    "photos" SMALLINT NOT NULL DEFAULT 0,
    "news_day" INTEGER,

    CONSTRAINT "user_count_deltas_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "former_usernames" (
    "username" TEXT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "held_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "former_usernames_pkey" PRIMARY KEY ("username")
);

-- CreateTable
CREATE TABLE "activities" (
    "recipient_id" BIGINT NOT NULL,
    "kind" "activity_kind" NOT NULL,
    "subject_id" BIGINT NOT NULL,
    "place" BIGINT NOT NULL,
    "actor_id" BIGINT,
    "photo_id" BIGINT,
    "comment_id" BIGINT,

    CONSTRAINT "activities_pkey" PRIMARY KEY ("recipient_id","kind","subject_id")
);

-- CreateTable
CREATE TABLE "mail_tokens" (
    "user_id" BIGINT NOT NULL,
    "purpose" "mail_token_purpose" NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "email" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mail_tokens_pkey" PRIMARY KEY ("user_id","purpose")
);

-- CreateTable
CREATE TABLE "data_exports" (
    "user_id" BIGINT NOT NULL,
    "id" BIGINT NOT NULL,
    "status" "data_export_status" NOT NULL DEFAULT 'PROCESSING',
    "object_key" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "data_exports_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "account_deletions" (
    "user_id" BIGINT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "removed" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "account_deletions_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "reports" (
    "id" BIGINT NOT NULL,
    "reporter_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "photo_id" BIGINT,
    "comment_id" BIGINT,
    "reason" "report_reason" NOT NULL,
    "details" TEXT NOT NULL DEFAULT '',
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "reports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "moderation_acts" (
    "id" BIGINT NOT NULL,
    "moderator_id" BIGINT,
    "kind" "moderation_act_kind" NOT NULL,
    "user_id" BIGINT,
    "photo_id" BIGINT,
    "comment_id" BIGINT,
    "why" TEXT NOT NULL,

    CONSTRAINT "moderation_acts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "follow_requests_target_id_id_idx" ON "follow_requests"("target_id", "id" DESC);

-- CreateIndex
CREATE INDEX "follow_requests_requester_id_id_idx" ON "follow_requests"("requester_id", "id" DESC);

-- CreateIndex
CREATE INDEX "blocks_blocked_id_blocker_id_idx" ON "blocks"("blocked_id", "blocker_id");

-- CreateIndex
CREATE INDEX "blocks_blocker_id_id_idx" ON "blocks"("blocker_id", "id" DESC);

-- CreateIndex
CREATE INDEX "mutes_muted_id_idx" ON "mutes"("muted_id");

-- CreateIndex
CREATE INDEX "mutes_muter_id_id_idx" ON "mutes"("muter_id", "id" DESC);

-- CreateIndex
CREATE INDEX "former_usernames_user_id_idx" ON "former_usernames"("user_id");

-- CreateIndex
CREATE INDEX "former_usernames_held_until_idx" ON "former_usernames"("held_until");

-- CreateIndex
CREATE INDEX "activities_actor_id_idx" ON "activities"("actor_id");

-- CreateIndex
CREATE INDEX "activities_photo_id_idx" ON "activities"("photo_id");

-- CreateIndex
CREATE UNIQUE INDEX "activities_recipient_id_place_key" ON "activities"("recipient_id", "place" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "mail_tokens_token_hash_key" ON "mail_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "mail_tokens_expires_at_idx" ON "mail_tokens"("expires_at");

-- CreateIndex
CREATE INDEX "data_exports_expires_at_idx" ON "data_exports"("expires_at");

-- CreateIndex
CREATE INDEX "reports_closed_at_id_idx" ON "reports"("closed_at", "id");

-- CreateIndex
CREATE INDEX "reports_reporter_id_idx" ON "reports"("reporter_id");

-- CreateIndex
CREATE INDEX "reports_user_id_idx" ON "reports"("user_id");

-- CreateIndex
CREATE INDEX "reports_photo_id_idx" ON "reports"("photo_id");

-- CreateIndex
CREATE INDEX "moderation_acts_moderator_id_idx" ON "moderation_acts"("moderator_id");

-- CreateIndex
CREATE INDEX "moderation_acts_user_id_idx" ON "moderation_acts"("user_id");

-- CreateIndex
CREATE INDEX "moderation_acts_photo_id_idx" ON "moderation_acts"("photo_id");

-- CreateIndex
CREATE INDEX "likes_photo_id_id_idx" ON "likes"("photo_id", "id" DESC);

-- CreateIndex
CREATE INDEX "follows_follower_id_id_idx" ON "follows"("follower_id", "id" DESC);

-- CreateIndex
CREATE INDEX "follows_followee_id_id_idx" ON "follows"("followee_id", "id" DESC);

-- AddForeignKey
ALTER TABLE "follow_requests" ADD CONSTRAINT "follow_requests_requester_id_fkey" FOREIGN KEY ("requester_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_requests" ADD CONSTRAINT "follow_requests_target_id_fkey" FOREIGN KEY ("target_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blocks" ADD CONSTRAINT "blocks_blocker_id_fkey" FOREIGN KEY ("blocker_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blocks" ADD CONSTRAINT "blocks_blocked_id_fkey" FOREIGN KEY ("blocked_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mutes" ADD CONSTRAINT "mutes_muter_id_fkey" FOREIGN KEY ("muter_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mutes" ADD CONSTRAINT "mutes_muted_id_fkey" FOREIGN KEY ("muted_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_counts" ADD CONSTRAINT "user_counts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "former_usernames" ADD CONSTRAINT "former_usernames_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_recipient_id_fkey" FOREIGN KEY ("recipient_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mail_tokens" ADD CONSTRAINT "mail_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "data_exports" ADD CONSTRAINT "data_exports_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reports" ADD CONSTRAINT "reports_reporter_id_fkey" FOREIGN KEY ("reporter_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reports" ADD CONSTRAINT "reports_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "moderation_acts" ADD CONSTRAINT "moderation_acts_moderator_id_fkey" FOREIGN KEY ("moderator_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "moderation_acts" ADD CONSTRAINT "moderation_acts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Rows of this table live for half a second, as those of photo_count_deltas do.
ALTER TABLE "user_count_deltas" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

INSERT INTO "user_counts" ("user_id", "followers", "following", "photos")
SELECT "id",
  (SELECT count(*) FROM "follows" WHERE "followee_id" = "users"."id"),
  (SELECT count(*) FROM "follows" WHERE "follower_id" = "users"."id"),
  (SELECT count(*) FROM "photos" WHERE "owner_id" = "users"."id" AND "status" = 'READY')
FROM "users";

-- Lists leave out who is hidden, of whom there are few.
CREATE INDEX "users_hidden_idx" ON "users"("id") WHERE "is_hidden";

-- Looked through every hour for those whose time is over.
CREATE INDEX "users_deactivated_at_idx" ON "users"("deactivated_at") WHERE "deactivated_at" IS NOT NULL;
