"""Albums of photos: the example area, to copy or to delete."""
