"""Static files under names with a hash of their content, for production: browsers may keep them for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Rewrites the imports of ES modules as well, or a new module would import an old one out of a cache."""

    support_js_module_import_aggregation = True
