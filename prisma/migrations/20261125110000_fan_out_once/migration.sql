-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "is_merged" BOOLEAN;
