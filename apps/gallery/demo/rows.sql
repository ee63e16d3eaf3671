-- Rows for load tests, made inside PostgreSQL: 100,000 photos with 300,000 renditions take seconds, not minutes.
--
-- Everything about row N follows from hashes of N and the seed, its id too (a version 7 UUID, whose time is the row's
-- own), so another run makes the same rows and adds only those that are not there. Parameters: count, seed, owners (ids),
-- captions (adjectives, nouns, places), tags (names), pictures (JSON, from shared_files.py), per_album.
-- hashint8extended gives 64 bits; & 2147483647 keeps 31 of them, so that nothing is negative.

CREATE TEMPORARY TABLE load_album ON COMMIT DROP AS
SELECT number, hash,
       (lpad(to_hex(floor(extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || left(digest, 3)
        || '8' || substr(digest, 4, 15))::uuid AS id,
       (%(owners)s::uuid[])[1 + number %% cardinality(%(owners)s::uuid[])] AS owner_id,
       -- The first is public and large (below); of the others one in ten is private and one in ten unlisted.
       CASE WHEN number > 1 AND hash %% 10 = 0 THEN 'PRIVATE' WHEN number > 1 AND hash %% 10 = 1 THEN 'UNLISTED'
            ELSE 'PUBLIC' END AS visibility,
       created_at
FROM (SELECT number, hashint8extended(number, %(seed)s) & 2147483647 AS hash,
             md5(format('album %%s %%s', %(seed)s, number)) AS digest,
             timestamptz '2016-01-01 00:00:00+00' + number * interval '1 minute' AS created_at
      FROM generate_series(1, 1 + (%(count)s::bigint - 1) / %(per_album)s) AS number) AS numbered;

INSERT INTO gallery_album (id, owner_id, title, description, visibility, created_at, updated_at, is_being_placed)
SELECT id, owner_id,
       format('%%s %%s, no. %%s', (%(places)s::text[])[1 + hash %% cardinality(%(places)s::text[])],
              (%(nouns)s::text[])[1 + (hash / 64) %% cardinality(%(nouns)s::text[])], number),
       'Rows for load tests, made by manage.py demo --photos.', visibility, created_at, created_at, false
FROM load_album ORDER BY number
ON CONFLICT (id) DO NOTHING;

CREATE TEMPORARY TABLE load_photo ON COMMIT DROP AS
SELECT made.*, load_album.id AS album_id, album.owner_id, album.visibility
FROM (SELECT number, a, b, c, created_at,
             (lpad(to_hex(floor(extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || left(digest, 3)
              || '8' || substr(digest, 4, 15))::uuid AS id
      FROM (SELECT number, md5(format('photo %%s %%s', %(seed)s, number)) AS digest,
                   hashint8extended(number, %(seed)s + 1) & 2147483647 AS a,
                   hashint8extended(number, %(seed)s + 2) & 2147483647 AS b,
                   hashint8extended(number, %(seed)s + 3) & 2147483647 AS c,
                   timestamptz '2016-01-01 00:00:00+00'
                   + (hashint8extended(number, %(seed)s + 4) & 2147483647) / 2147483648.0 * interval '3652 days'
                     AS created_at
            FROM generate_series(1, %(count)s::bigint) AS number) AS hashed) AS made
-- One photo in ten lies in the first album, so that one is as large as the largest that people have.
JOIN load_album ON load_album.number = CASE WHEN made.number %% 10 = 0 THEN 1 ELSE 1 + (made.number - 1) / %(per_album)s END
JOIN gallery_album AS album ON album.id = load_album.id
WHERE NOT EXISTS (SELECT FROM gallery_photo WHERE gallery_photo.id = made.id);

-- No photo is PENDING: the worker's schedule would find it, and make it READY. Inserted in the order of their times, as
-- they would have come in over the years.
INSERT INTO gallery_photo (id, album_id, owner_id, visibility, caption, file, content_type, bytes, sha256, width, height,
                           taken_at, dominant_color, state, failure_reason, created_at)
SELECT id, album_id, owner_id, visibility,
       format('%%s %%s near %%s', (%(adjectives)s::text[])[1 + a %% cardinality(%(adjectives)s::text[])],
              (%(nouns)s::text[])[1 + (a / 64) %% cardinality(%(nouns)s::text[])],
              (%(places)s::text[])[1 + (a / 4096) %% cardinality(%(places)s::text[])]),
       picture ->> 'file', picture ->> 'content_type', (picture ->> 'bytes')::bigint, picture ->> 'sha256',
       (picture ->> 'width')::integer, (picture ->> 'height')::integer,
       CASE WHEN b %% 4 > 0 THEN created_at - b / 2147483648.0 * interval '30 days' END,
       CASE WHEN c %% 50 > 0 THEN picture ->> 'dominant_color' ELSE '' END,
       CASE WHEN c %% 50 > 0 THEN 'READY' ELSE 'FAILED' END,
       CASE WHEN c %% 50 > 0 THEN '' ELSE 'The picture cannot be decoded: its file is damaged or cut short.' END,
       created_at
FROM load_photo, LATERAL (SELECT %(pictures)s::jsonb -> (b %% jsonb_array_length(%(pictures)s::jsonb))::integer) AS chosen (picture)
ORDER BY created_at;

INSERT INTO gallery_rendition (photo_id, size, file, width, height, bytes, sha256)
SELECT id, size, CASE visibility WHEN 'PRIVATE' THEN 'private/' ELSE 'public/' END || name, width, height, bytes, sha256
FROM load_photo
JOIN (SELECT position - 1 AS position, rendition.*
      FROM jsonb_array_elements(%(pictures)s::jsonb) WITH ORDINALITY AS listed (picture, position),
           jsonb_to_recordset(picture -> 'renditions')
           AS rendition (size text, name text, width integer, height integer, bytes bigint, sha256 text)) AS made
     ON made.position = b %% jsonb_array_length(%(pictures)s::jsonb)
WHERE c %% 50 > 0
ORDER BY created_at;

-- Up to three tags; taking the lesser of two draws makes some tags common and others rare, as people's are.
INSERT INTO gallery_photo_tags (photo_id, tag_id)
SELECT DISTINCT load_photo.id, gallery_tag.id
FROM load_photo,
     LATERAL (VALUES (a, b), (b / 8, c / 8), (c / 64, a / 64)) AS draw (one, two),
     LATERAL (SELECT cardinality(%(tags)s::text[])) AS known (tags)
JOIN gallery_tag ON true
WHERE gallery_tag.name = (%(tags)s::text[])[1 + least(one %% tags, two %% tags)]
ON CONFLICT DO NOTHING;

-- At once: ON COMMIT waits for the transaction around this one, where there is one.
DROP TABLE load_photo, load_album;
