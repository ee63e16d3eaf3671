"""Where media are kept: a folder, a bucket of S3, or both while they are moved from the one to the other."""


def backend_of(url: str, *, move: str) -> str:
    """Return the storage for MEDIA_STORAGE_URL and MEDIA_STORAGE_MOVE, by its path: a bucket's takes half a second to import."""
    if not url:
        return "config.media.folder.FolderStorage"
    return "config.media.bucket.BucketStorage" if move == "none" else "config.media.moving.MovingStorage"
