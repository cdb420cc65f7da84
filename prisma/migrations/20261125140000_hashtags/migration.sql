-- CreateTable
CREATE TABLE "photo_hashtags" (
    "photo_id" BIGINT NOT NULL,
    "hashtag" TEXT NOT NULL,
    "published_id" BIGINT,

    CONSTRAINT "photo_hashtags_pkey" PRIMARY KEY ("photo_id","hashtag")
);

-- CreateTable
CREATE TABLE "hashtags" (
    "name" TEXT NOT NULL,
    "photo_count" INTEGER NOT NULL DEFAULT 0,
    "counted_at" TIMESTAMPTZ(3),

    CONSTRAINT "hashtags_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "hashtag_follows" (
    "user_id" BIGINT NOT NULL,
    "hashtag" TEXT NOT NULL,
    "id" BIGINT NOT NULL,

    CONSTRAINT "hashtag_follows_pkey" PRIMARY KEY ("user_id","hashtag")
);

-- CreateIndex
CREATE INDEX "photo_hashtags_hashtag_published_id_idx" ON "photo_hashtags"("hashtag", "published_id" DESC);

-- CreateIndex
CREATE INDEX "hashtag_follows_user_id_id_idx" ON "hashtag_follows"("user_id", "id" DESC);

-- AddForeignKey
ALTER TABLE "photo_hashtags" ADD CONSTRAINT "photo_hashtags_photo_id_fkey" FOREIGN KEY ("photo_id") REFERENCES "photos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hashtag_follows" ADD CONSTRAINT "hashtag_follows_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- For what a hashtag begins with.
CREATE INDEX "hashtags_name_prefix_idx" ON "hashtags" ("name" text_pattern_ops);

-- For hashtags that are written a little differently.
CREATE INDEX "hashtags_name_trgm_idx" ON "hashtags" USING gin ("name" gin_trgm_ops);
