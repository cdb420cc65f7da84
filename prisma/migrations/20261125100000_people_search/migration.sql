-- Trusted: whoever may create things in the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- For what a name begins with.
CREATE INDEX "users_username_prefix_idx" ON "users" ("username" text_pattern_ops);
CREATE INDEX "users_display_name_prefix_idx" ON "users" (lower("display_name") text_pattern_ops);

-- For words within a name, and for names that are written a little differently.
CREATE INDEX "users_names_trgm_idx" ON "users" USING gin ("username" gin_trgm_ops, lower("display_name") gin_trgm_ops);
