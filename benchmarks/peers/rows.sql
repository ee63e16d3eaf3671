-- 200 albums of 50 people, and as many photos as bench.photos says, all public, with three tags and three renditions each.
-- The first person owns every second album, so that the mutation has many rows to choose from. No two photos have the same time.

INSERT INTO accounts_user (email, name, password, is_superuser, is_active, is_staff, created_at)
SELECT format('bench-%s@example.com', number), format('Person %s', number), '!', false, true, false, now()
FROM generate_series(1, 50) AS number;

INSERT INTO gallery_album (owner_id, title, description, visibility, created_at, updated_at, is_being_placed)
SELECT accounts_user.id, format('Album %s', number), 'Photographs of one week, with notes on light and weather.', 'PUBLIC',
       timestamptz '2025-01-01 00:00:00+00' + number * interval '1 hour', now(), false
FROM generate_series(1, 200) AS number
JOIN accounts_user ON email = format('bench-%s@example.com', CASE WHEN number % 2 = 0 THEN 1 ELSE 1 + number % 50 END);

INSERT INTO gallery_tag (name) SELECT format('tag %s', number) FROM generate_series(0, 39) AS number;

INSERT INTO gallery_photo (album_id, owner_id, visibility, caption, file, content_type, bytes, sha256, width, height, dominant_color,
                           state, failure_reason, created_at)
SELECT gallery_album.id, gallery_album.owner_id, 'PUBLIC',
       format('%s %s near %s, no. %s', (ARRAY['Quiet', 'Early', 'Golden', 'Misty', 'Empty'])[1 + number % 5],
              (ARRAY['harbour', 'bridge', 'market', 'orchard', 'railway', 'meadow', 'garden'])[1 + number % 7],
              (ARRAY['Aberdeen', 'Bergen', 'Cadiz', 'Delft', 'Fez', 'Ghent', 'Izmir', 'Kyoto', 'Lima'])[1 + number % 9], number),
       format('private/bench/%s.jpg', number), 'image/jpeg', 200000 + number, repeat('0', 64), 4000, 3000, '#336699', 'READY', '',
       timestamptz '2025-01-10 00:00:00+00' + number * interval '37.123 s'
FROM generate_series(1, current_setting('bench.photos')::integer) AS number
JOIN gallery_album ON title = format('Album %s', 1 + number % 200)
ORDER BY number;

INSERT INTO gallery_rendition (photo_id, size, file, width, height, bytes, sha256)
SELECT id, size, format('public/bench/%s-%s.webp', id, size), pixels, pixels * 3 / 4, pixels * 20, repeat('0', 64)
FROM gallery_photo, (VALUES ('SMALL', 480), ('MEDIUM', 1200), ('LARGE', 2400)) AS sizes (size, pixels);

INSERT INTO gallery_photo_tags (photo_id, tag_id)
SELECT numbered.id, gallery_tag.id
FROM (SELECT id, row_number() OVER (ORDER BY created_at) AS number FROM gallery_photo) AS numbered,
     LATERAL (VALUES (number % 40), ((number + 1 + number % 13) % 40), ((number + 20 + number % 7) % 40)) AS drawn (tag)
JOIN gallery_tag ON gallery_tag.name = format('tag %s', tag)
ON CONFLICT DO NOTHING;
