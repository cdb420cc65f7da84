-- AlterTable
ALTER TABLE "uploads" ADD COLUMN     "exif_point" BYTEA;
