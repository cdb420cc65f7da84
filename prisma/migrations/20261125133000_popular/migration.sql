-- CreateIndex
CREATE INDEX "photos_published_id_idx" ON "photos"("published_id" DESC);
