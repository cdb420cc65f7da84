-- Trusted: whoever may create things in the database may create it.
CREATE EXTENSION IF NOT EXISTS cube;

-- CreateEnum
CREATE TYPE "location_precision" AS ENUM ('EXACT', 'KILOMETRE', 'CITY');

-- CreateTable
CREATE TABLE "places" (
    "id" BIGINT NOT NULL DEFAULT next_user_id(),
    "name" TEXT NOT NULL,
    "latitude" DOUBLE PRECISION NOT NULL,
    "longitude" DOUBLE PRECISION NOT NULL,
    "precision" "location_precision" NOT NULL,

    CONSTRAINT "places_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "photo_locations" (
    "photo_id" BIGINT NOT NULL,
    "published_id" BIGINT,
    "place_id" BIGINT,
    "latitude" DOUBLE PRECISION NOT NULL,
    "longitude" DOUBLE PRECISION NOT NULL,
    "precision" "location_precision" NOT NULL,
    "cell_1" BIGINT NOT NULL,
    "cell_3" BIGINT NOT NULL,
    "cell_5" BIGINT NOT NULL,
    "cell_7" BIGINT NOT NULL,
    "cell_9" BIGINT NOT NULL,
    "cell_11" BIGINT NOT NULL,

    CONSTRAINT "photo_locations_pkey" PRIMARY KEY ("photo_id")
);

-- CreateIndex
CREATE INDEX "photo_locations_place_id_published_id_idx" ON "photo_locations"("place_id", "published_id" DESC);

-- CreateIndex
CREATE INDEX "photo_locations_published_id_idx" ON "photo_locations"("published_id" DESC);

-- AddForeignKey
ALTER TABLE "photo_locations" ADD CONSTRAINT "photo_locations_photo_id_fkey" FOREIGN KEY ("photo_id") REFERENCES "photos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "photo_locations" ADD CONSTRAINT "photo_locations_place_id_fkey" FOREIGN KEY ("place_id") REFERENCES "places"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- For places near a point: on the unit sphere the nearest in a straight line is the nearest on the ground, at the poles and everywhere.
CREATE INDEX "places_position_idx" ON "places" USING gist ((cube(array[
  cos(radians("latitude")) * cos(radians("longitude")),
  cos(radians("latitude")) * sin(radians("longitude")),
  sin(radians("latitude"))
])));

-- For what a name begins with, and for words within it and names that are written a little differently.
CREATE INDEX "places_name_prefix_idx" ON "places" (lower("name") text_pattern_ops);
CREATE INDEX "places_name_trgm_idx" ON "places" USING gin (lower("name") gin_trgm_ops);

-- The newest photos of a cell, with all that a search looks at.
CREATE INDEX "photo_locations_cell_1_idx" ON "photo_locations" ("cell_1", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
CREATE INDEX "photo_locations_cell_3_idx" ON "photo_locations" ("cell_3", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
CREATE INDEX "photo_locations_cell_5_idx" ON "photo_locations" ("cell_5", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
CREATE INDEX "photo_locations_cell_7_idx" ON "photo_locations" ("cell_7", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
CREATE INDEX "photo_locations_cell_9_idx" ON "photo_locations" ("cell_9", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
CREATE INDEX "photo_locations_cell_11_idx" ON "photo_locations" ("cell_11", "published_id" DESC) INCLUDE ("photo_id", "latitude", "longitude");
