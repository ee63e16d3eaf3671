-- How PostGraphile is given a search: a function that PostgreSQL inlines.
CREATE OR REPLACE FUNCTION photos_with(words text) RETURNS SETOF gallery_photo LANGUAGE sql STABLE AS $$
  SELECT * FROM gallery_photo WHERE search @@ websearch_to_tsquery('english', words) ORDER BY created_at DESC
$$;
