"""What every server is asked, and what it has to answer: statements that give the words of the right answer. Asks nothing itself."""

from dataclasses import dataclass

SEARCHED, SEARCH_OFFSET = "harbour", 2000


@dataclass(frozen=True, kw_only=True)
class Question:
    """`words` is SQL for the captions, titles and names of the right answer; `choice` for the ids of which one request takes one.

    `short` stands above a column.
    """

    key: str
    title: str
    short: str
    words: str
    choice: str = ""


QUESTIONS = (
    Question(key="typename", title="`__typename`", short="`__typename`", words="SELECT 'Query'"),
    Question(
        key="one",
        title="one photo",
        short="one photo",
        words="SELECT caption FROM gallery_photo WHERE id = %(id)s",
        choice="SELECT id FROM gallery_photo ORDER BY sha256(id::text::bytea) LIMIT 1000",
    ),
    Question(
        key="twenty",
        title="20 photos",
        short="20 photos",
        words="SELECT caption FROM gallery_photo ORDER BY created_at DESC LIMIT 20",
    ),
    Question(
        key="related",
        title="100 photos with album, owner and tags",
        short="100 with relations",
        words="""WITH page AS (SELECT * FROM gallery_photo ORDER BY created_at DESC LIMIT 100) SELECT caption FROM page
          UNION ALL SELECT title FROM page JOIN gallery_album ON gallery_album.id = album_id
          UNION ALL SELECT name FROM page JOIN accounts_user ON accounts_user.id = owner_id
          UNION ALL SELECT name FROM page JOIN gallery_photo_tags ON photo_id = page.id JOIN gallery_tag ON gallery_tag.id = tag_id""",
    ),
    Question(
        key="thousand",
        title="1,000 photos",
        short="1,000 photos",
        words="SELECT caption FROM gallery_photo ORDER BY created_at DESC LIMIT 1000",
    ),
    Question(
        key="nested",
        title="20 albums, 10 newest photos of each",
        short="20 albums of 10",
        words="""WITH page AS (SELECT * FROM gallery_album ORDER BY created_at DESC LIMIT 20) SELECT title FROM page
          UNION ALL SELECT caption FROM page, LATERAL (
            SELECT caption FROM gallery_photo WHERE album_id = page.id ORDER BY created_at DESC LIMIT 10) AS newest""",
    ),
    Question(
        key="resolvers",
        title="100 photos, each with the URLs of its renditions",
        short="100 with URLs",
        words="""WITH page AS (SELECT * FROM gallery_photo ORDER BY created_at DESC LIMIT 100) SELECT caption FROM page
          UNION ALL SELECT '/media/' || gallery_rendition.file FROM page JOIN gallery_rendition ON photo_id = page.id""",
    ),
    Question(
        key="search",
        title=f"20 photos of a search, behind {SEARCH_OFFSET:,} others",
        short="deep in a search",
        words="""SELECT caption FROM gallery_photo WHERE search @@ websearch_to_tsquery('english', %(searched)s)
          ORDER BY created_at DESC LIMIT 20 OFFSET %(offset)s""",
    ),
    Question(
        key="mutation",
        title="a mutation: rename an album",
        short="mutation",
        words="SELECT title FROM gallery_album WHERE id = %(id)s",
        choice="""SELECT gallery_album.id FROM gallery_album JOIN accounts_user ON accounts_user.id = owner_id
          WHERE email = 'bench-1@example.com' ORDER BY title""",
    ),
)
