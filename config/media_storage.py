"""Media files in a folder, as Django stores them; the address of a file that is shown again and again is made once."""

from functools import lru_cache

from django.core.files.storage import FileSystemStorage


class MediaStorage(FileSystemStorage):
    """Django's own, with addresses kept: they depend on the file's name and MEDIA_URL alone."""

    def url(self, name: str | None) -> str:
        """Return a file's address; raises ValueError where there is no MEDIA_URL."""
        return address(self.base_url, name)


@lru_cache(maxsize=10_000)
def address(base_url: str | None, name: str | None) -> str:
    """Return the address of a file below another one."""
    return FileSystemStorage(location="/", base_url=base_url).url(name)
